/// A compiled source: chunks and the tables they refer to. Nothing changes a program once it is made. It contains no
/// runtime values, no addresses, and neither the name of the source nor its directory, which are given when it is loaded.
public struct Program: Sendable, Hashable {
    /// The names of attributes and variables, in the order in which the compiler first met them.
    public var symbols: [[UInt8]]
    public var constants: [Constant]
    public var shapes: [Shape]
    public var formals: [Formals]
    /// The chunks. The first is the top level, and a chunk only refers to chunks with higher indices.
    public var chunks: [Chunk]
    /// The line table; nil if the program is stripped of spans.
    public var lines: LineTable?
    /// The version of the compiler that made the program.
    public var compilerVersion: UInt32

    public init(
        symbols: [[UInt8]], constants: [Constant], shapes: [Shape], formals: [Formals], chunks: [Chunk],
        lines: LineTable?, compilerVersion: UInt32 = ProgramFormat.compilerVersion
    ) {
        self.symbols = symbols
        self.constants = constants
        self.shapes = shapes
        self.formals = formals
        self.chunks = chunks
        self.lines = lines
        self.compilerVersion = compilerVersion
    }
}

/// An entry of the constant pool.
public enum Constant: Sendable, Hashable {
    case integer(Int64)
    /// The bits of a double, so that equal constants have equal encodings.
    case float(UInt64)
    case string([UInt8])
    /// A path as written: absolute, or relative to the directory given when the program is loaded.
    case path([UInt8])
    /// A variable of the global scope (`builtins`, `map`, `true`, `__sub`), by symbol.
    case global(UInt32)
}

/// The names of the attribute set that an `attributes` instruction makes, in the order in which their values are
/// pushed. All names are different.
public struct Shape: Sendable, Hashable {
    /// A name and the source range of its binding.
    public struct Name: Sendable, Hashable {
        /// The index in the program's symbols.
        public var symbol: UInt32
        /// The source range of the binding; nil if the program is stripped.
        public var span: SourceSpan?

        public init(symbol: UInt32, span: SourceSpan?) {
            self.symbol = symbol
            self.span = span
        }
    }

    public var names: [Name]

    public init(names: [Name]) { self.names = names }
}

/// The pattern of a function `{ a, b ? 1, ... }@all:`.
public struct Formals: Sendable, Hashable {
    /// The value of a formal that the argument lacks.
    public enum Default: Sendable, Hashable {
        /// There is no default: the argument must have the attribute.
        case none
        case constant(UInt32)
        case integer(Int64)
        case null, `true`, `false`
        /// A thunk chunk and its captures, which are read after all formals have their values. Only the kinds `local`
        /// and `upvalue` occur.
        case thunk(chunk: UInt32, captures: [Position], capturesWith: Position?)
    }

    /// One name of a pattern.
    public struct Formal: Sendable, Hashable {
        /// The index in the program's symbols.
        public var symbol: UInt32
        public var defaultValue: Default
        public var span: SourceSpan?

        public init(symbol: UInt32, defaultValue: Default, span: SourceSpan?) {
            self.symbol = symbol
            self.defaultValue = defaultValue
            self.span = span
        }
    }

    /// The formals in source order. All names are different.
    public var formals: [Formal]
    public var hasEllipsis: Bool

    public init(formals: [Formal], hasEllipsis: Bool) {
        self.formals = formals
        self.hasEllipsis = hasEllipsis
    }
}

/// A half-open range of byte offsets in the source.
public struct SourceSpan: Hashable, Sendable {
    public var start: UInt32
    public var end: UInt32

    public init(start: UInt32, end: UInt32) {
        self.start = start
        self.end = end
    }
}

/// Maps byte offsets to lines.
public struct LineTable: Sendable, Hashable {
    /// The offset of the first byte of each line, ascending; the first is 0.
    public var lineStarts: [UInt32]

    public init(lineStarts: [UInt32]) { self.lineStarts = lineStarts }
}

/// The bytecode of one function, thunk or top level.
public struct Chunk: Sendable, Hashable {
    /// What a chunk is the code of.
    public enum Kind: UInt8, Sendable {
        case topLevel, lambda, thunk
    }

    public var kind: Kind
    /// The number of arguments, which are in the first slots. `a: b: e` is one chunk with two. A thunk has none; a top
    /// level has none, or under `scopedImport` one: the set of the scope.
    public var arity: UInt32
    /// The number of upvalues, including the `with` chain.
    public var upvalueCount: UInt32
    /// Whether the last upvalue is a `with` chain.
    public var capturesWith: Bool
    /// The index of the formals, if the last parameter is a pattern. Other parameters are never patterns.
    public var formals: UInt32?
    /// The symbols of the parameters; nil for a pattern without `@`.
    public var parameters: [UInt32?]
    /// The symbol that the chunk's value is bound to, for error messages and traces.
    public var name: UInt32?
    /// For a lambda, the source range of the function that begins at each parameter; otherwise that of the expression.
    public var spans: [SourceSpan]
    public var code: [UInt8]
    /// The largest stack height above the frame's base, including arguments.
    public var maximumStack: UInt32
    /// The source ranges of instructions: an entry applies from its offset up to that of the next. Ascending; empty if
    /// the program is stripped.
    public var instructionSpans: [InstructionSpan]

    public init(
        kind: Kind, arity: UInt32, upvalueCount: UInt32, capturesWith: Bool, formals: UInt32?, parameters: [UInt32?],
        name: UInt32?, spans: [SourceSpan], code: [UInt8], maximumStack: UInt32, instructionSpans: [InstructionSpan]
    ) {
        self.kind = kind
        self.arity = arity
        self.upvalueCount = upvalueCount
        self.capturesWith = capturesWith
        self.formals = formals
        self.parameters = parameters
        self.name = name
        self.spans = spans
        self.code = code
        self.maximumStack = maximumStack
        self.instructionSpans = instructionSpans
    }
}

/// A source range, and the code offset from which on it applies.
public struct InstructionSpan: Sendable, Hashable {
    public var offset: UInt32
    public var span: SourceSpan

    public init(offset: UInt32, span: SourceSpan) {
        self.offset = offset
        self.span = span
    }
}
