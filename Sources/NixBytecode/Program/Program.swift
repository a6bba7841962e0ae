/// A compiled source: chunks and what they refer to. Immutable, and free of runtime values, addresses, the source's
/// name and its directory; those are given when it is loaded.
public struct Program: Sendable, Hashable {
    /// Names of attributes and variables, as bytes, in the order the compiler met them.
    public var symbols: [[UInt8]]
    public var constants: [Constant]
    public var shapes: [Shape]
    public var formals: [Formals]
    /// The first is the top level. A chunk refers only to chunks of higher index.
    public var chunks: [Chunk]
    /// Spans, and what turns an offset into a line; nil when stripped.
    public var lines: LineTable?
    /// Which compiler made it; part of its name.
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

/// A value that a program carries.
public enum Constant: Sendable, Hashable {
    case integer(Int64)
    /// The bits of a double, so that equal constants are equal bytes.
    case float(UInt64)
    case string([UInt8])
    /// A path as written: absolute, or relative to the directory given when the program is loaded.
    case path([UInt8])
    /// A variable of the global scope (`builtins`, `map`, `true`, `__sub`), by symbol.
    case global(UInt32)
}

/// The names of an attribute set that one `attributes` instruction makes, in the order their values are pushed.
/// No name stands twice.
public struct Shape: Sendable, Hashable {
    /// A name and where it is bound.
    public struct Name: Sendable, Hashable {
        /// Index into the program's symbols.
        public var symbol: UInt32
        /// Where it is bound; nil when stripped.
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
    /// What a formal without an argument becomes.
    public enum Default: Sendable, Hashable {
        /// The name is required.
        case none
        case constant(UInt32)
        case integer(Int64)
        case null, `true`, `false`
        /// A thunk chunk and its captures, taken when all formals have their values. Kinds `local` and `upvalue`.
        case thunk(chunk: UInt32, captures: [Position], capturesWith: Position?)
    }

    /// One name of a pattern.
    public struct Formal: Sendable, Hashable {
        /// Index into the program's symbols.
        public var symbol: UInt32
        public var defaultValue: Default
        public var span: SourceSpan?

        public init(symbol: UInt32, defaultValue: Default, span: SourceSpan?) {
            self.symbol = symbol
            self.defaultValue = defaultValue
            self.span = span
        }
    }

    /// In source order. No name stands twice.
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

/// What turns byte offsets into lines.
public struct LineTable: Sendable, Hashable {
    /// Offset of the first byte of each line; the first is 0, ascending.
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
    /// Number of arguments, which are the first slots. Functions `a: b: e` are one chunk of two. 0 for a thunk; for a
    /// top level 0, or 1 under `scopedImport`, whose argument is the set of the scope.
    public var arity: UInt32
    /// Number of upvalues, the `with` chain included.
    public var upvalueCount: UInt32
    /// Whether the last upvalue is a `with` chain.
    public var capturesWith: Bool
    /// Formals of the last parameter when it is a pattern. (Earlier ones are plain names.)
    public var formals: UInt32?
    /// Names of the parameters, as symbols; nil for a pattern without `@`.
    public var parameters: [UInt32?]
    /// The name it is bound to, for error messages and traces.
    public var name: UInt32?
    /// Where each parameter's function starts, one per arity; for thunks and the top level one: the expression.
    public var spans: [SourceSpan]
    public var code: [UInt8]
    /// Largest height of the stack over the frame's base, arguments included.
    public var maximumStack: UInt32
    /// Spans of instructions: an entry holds from its offset up to the next one's. Ascending; empty when stripped.
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

/// From which code offset on a span holds.
public struct InstructionSpan: Sendable, Hashable {
    public var offset: UInt32
    public var span: SourceSpan

    public init(offset: UInt32, span: SourceSpan) {
        self.offset = offset
        self.span = span
    }
}
