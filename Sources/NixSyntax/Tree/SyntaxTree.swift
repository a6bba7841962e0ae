/// A half-open range of byte offsets in one source.
public struct Span: Hashable, Sendable {
    /// Offset of the first byte.
    public var start: UInt32
    /// Offset one past the last byte.
    public var end: UInt32

    public init(start: UInt32, end: UInt32) {
        self.start = start
        self.end = end
    }
}

/// The index of a node in its tree's arena.
public struct NodeID: Hashable, Sendable {
    public var rawValue: UInt32

    public init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// The index of an identifier or attribute name in `SyntaxTree.symbols`.
public struct SymbolID: Hashable, Sendable {
    public var rawValue: UInt32

    public init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// The index of a byte string in `SyntaxTree.texts`.
public struct TextID: Hashable, Sendable {
    public var rawValue: UInt32

    public init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// A contiguous run of elements in one of the tree's side tables.
public struct Run: Hashable, Sendable {
    public var start: UInt32
    public var count: UInt32

    public init(start: UInt32, count: UInt32) {
        self.start = start
        self.count = count
    }

    public static var empty: Run { Run(start: 0, count: 0) }
    public var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
}

/// An expression. Children are indices and every case is trivial, so that freeing a tree needs no recursion.
public enum Node: Sendable {
    case integer(Int64)
    case float(Double)
    /// A quoted or indented string, with escapes replaced and indentation removed. `parts` is a run in
    /// `SyntaxTree.parts`.
    case string(parts: Run)
    /// A URL literal, which evaluates to a string.
    case uri(TextID)
    /// A path literal without interpolation, as written (`/a`, `./b`, `c/d`). One that begins with `~/` is a
    /// `homePath`.
    case path(TextID)
    /// `~/rest`, as written.
    case homePath(TextID)
    /// A path with interpolation. The first part is a literal that begins like a `path` or `homePath`.
    case interpolatedPath(parts: Run)
    /// `<name>`, without the angle brackets.
    case searchPath(TextID)
    case identifier(SymbolID)
    /// `__curPos`
    case currentPosition
    /// `base.path` or `base.path or fallback`; `path` is a run in `SyntaxTree.attributeNames`.
    case select(base: NodeID, path: Run, fallback: NodeID?)
    /// `base ? path`
    case hasAttribute(base: NodeID, path: Run)
    case lambda(LambdaID)
    /// `function a b c`, flattened; `arguments` is a run in `SyntaxTree.children`.
    case apply(function: NodeID, arguments: Run)
    case letIn(bindings: BindingsID, body: NodeID)
    /// `let { ...; body = e; }`, which is the attribute `body` of the recursive set.
    case legacyLet(bindings: BindingsID)
    case attributeSet(bindings: BindingsID, recursive: Bool)
    /// `elements` is a run in `SyntaxTree.children`.
    case list(elements: Run)
    case with(scope: NodeID, body: NodeID)
    case assert(condition: NodeID, body: NodeID)
    case conditional(condition: NodeID, then: NodeID, otherwise: NodeID)
    case not(NodeID)
    case negate(NodeID)
    case binary(BinaryOperator, NodeID, NodeID)
}

/// The binary operators. `a |> f` and `f <| a` mean `f a`, and differ from `apply` only in their spans.
public enum BinaryOperator: UInt8, Sendable, CaseIterable {
    case add, subtract, multiply, divide
    case concatenate, update
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    case and, or, implies
    case pipeForward, pipeBackward
}

/// One piece of a string or path.
public enum StringPart: Sendable {
    case literal(TextID)
    case interpolation(NodeID)
}

/// One step of an attribute path.
public enum AttributeName: Sendable {
    /// An identifier, or a string without interpolation.
    case fixed(SymbolID, Span)
    /// `${e}` or a string with interpolation; the node is the expression that gives the name.
    case dynamic(NodeID, Span)
}

/// The index of a lambda in `SyntaxTree.lambdas`.
public struct LambdaID: Hashable, Sendable {
    public var rawValue: UInt32

    public init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// A function of one parameter.
public struct Lambda: Sendable {
    /// `x` in `x: e`, `x@{...}: e` and `{...}@x: e`.
    public var parameter: SymbolID?
    /// Span of `parameter`; empty if there is none.
    public var parameterSpan: Span
    /// Whether there is a `{ ... }` pattern.
    public var hasFormals: Bool
    /// A run in `SyntaxTree.formals`, in source order.
    public var formals: Run
    /// Whether the pattern ends in `...`.
    public var hasEllipsis: Bool
    public var body: NodeID

    public init(
        parameter: SymbolID?, parameterSpan: Span, hasFormals: Bool, formals: Run, hasEllipsis: Bool, body: NodeID
    ) {
        self.parameter = parameter
        self.parameterSpan = parameterSpan
        self.hasFormals = hasFormals
        self.formals = formals
        self.hasEllipsis = hasEllipsis
        self.body = body
    }
}

/// One name of a `{ a, b ? default }` pattern.
public struct Formal: Sendable {
    public var name: SymbolID
    public var span: Span
    public var defaultValue: NodeID?

    public init(name: SymbolID, span: Span, defaultValue: NodeID?) {
        self.name = name
        self.span = span
        self.defaultValue = defaultValue
    }
}

/// The index of a binding group in `SyntaxTree.bindings`.
public struct BindingsID: Hashable, Sendable {
    public var rawValue: UInt32

    public init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// The bindings of a `let` or an attribute set, after `a.b = 1; a.c = 2;` was merged into nested sets by Nix's rules
/// for duplicates.
public struct Bindings: Sendable {
    /// A run in `SyntaxTree.attributes`, in the order in which the names first appear.
    public var attributes: Run
    /// A run in `SyntaxTree.dynamicAttributes`, in source order.
    public var dynamicAttributes: Run
    /// A run in `SyntaxTree.children`: the `e` of each `inherit (e) ...;`, in source order.
    public var inheritSources: Run
    /// Number of `inherit;` and `inherit (e);` without names, for warnings.
    public var emptyInherits: UInt32

    public init(attributes: Run, dynamicAttributes: Run, inheritSources: Run, emptyInherits: UInt32) {
        self.attributes = attributes
        self.dynamicAttributes = dynamicAttributes
        self.inheritSources = inheritSources
        self.emptyInherits = emptyInherits
    }
}

/// An attribute with a static name.
public struct Attribute: Sendable {
    /// What an attribute is bound to.
    public enum Value: Sendable {
        case expression(NodeID)
        /// `inherit name;`: the variable of the enclosing scope, never of this set or `let`.
        case inherited
        /// `inherit (e) name;`, with the index of `e` among the group's `inheritSources`.
        case inheritedFrom(UInt32)
    }

    public var name: SymbolID
    /// Span of the name where it is bound, which `unsafeGetAttrPos` reports.
    public var span: Span
    /// A node index; `inheritedBase` plus the index of an inherit source; or all ones for `inherited`.
    @usableFromInline var packedValue: UInt32

    public init(name: SymbolID, span: Span, value: Value) {
        self.name = name
        self.span = span
        packedValue = Self.pack(value)
    }

    @inlinable
    public var value: Value {
        get {
            if packedValue < Self.inheritedBase { return .expression(NodeID(packedValue)) }
            return packedValue == UInt32.max ? .inherited : .inheritedFrom(packedValue - Self.inheritedBase)
        }
        set { packedValue = Self.pack(newValue) }
    }

    /// Above all node indices: no source is large enough for so many nodes.
    @usableFromInline static let inheritedBase: UInt32 = 1 << 31

    @inlinable
    static func pack(_ value: Value) -> UInt32 {
        switch value {
        case .expression(let node): node.rawValue
        case .inherited: UInt32.max
        case .inheritedFrom(let source): source + inheritedBase
        }
    }
}

/// An attribute with a computed name.
public struct DynamicAttribute: Sendable {
    public var name: NodeID
    public var span: Span
    public var value: NodeID

    public init(name: NodeID, span: Span, value: NodeID) {
        self.name = name
        self.span = span
        self.value = value
    }
}

/// A parsed source: flat tables that refer to each other by index.
public struct SyntaxTree: Sendable {
    public var source: [UInt8]
    public var root: NodeID
    public var nodes: NodeTable
    /// Span of each node, parallel to `nodes`.
    public var spans: [Span]
    /// The names of symbols, by `SymbolID`, and the texts, by `TextID`.
    public var symbols: TextTable
    public var texts: TextTable
    public var children: [NodeID]
    /// The parts of strings and paths. Adjacent literals are possible in an indented string, because Nix keeps its
    /// escapes as separate parts.
    public var parts: [StringPart]
    /// Span of each part, parallel to `parts`. The span of an interpolation starts at its `${`.
    public var partSpans: [Span]
    public var attributeNames: [AttributeName]
    public var lambdas: [Lambda]
    public var formals: [Formal]
    public var bindings: [Bindings]
    public var attributes: [Attribute]
    public var dynamicAttributes: [DynamicAttribute]
    /// The spans of each `f or` that is an argument, a list element or a fallback without parentheses, ordered by their
    /// ends. Newer versions of Nix parse such an `or` as an argument or element of its own.
    public var ambiguousOrs: [Span]
    /// The offset of the first byte of each line. Each access scans the source.
    public var lineStarts: [UInt32] { SourceLocation.lineStarts(of: source) }

    /// The depth of the deepest tree that `parse` returns. A leaf has depth 0, any other node one more than its deepest
    /// child, and a binding of `a.b.c` counts as three nested sets.
    public static let maximumDepth = 10_000

    @inlinable public subscript(_ id: NodeID) -> Node { nodes[Int(id.rawValue)] }
    /// The source range of a node.
    @inlinable public func span(of id: NodeID) -> Span { spans[Int(id.rawValue)] }
    /// The offset at which an error in a node is reported: that of the operator of a `.binary` node, otherwise the
    /// start of its span. A span includes parentheses around the first operand, but not around the node itself.
    public func position(of id: NodeID) -> UInt32 {
        nodes.position(Int(id.rawValue)) ?? spans[Int(id.rawValue)].start
    }
    /// The name of a symbol.
    public func bytes(of symbol: SymbolID) -> [UInt8] { symbols.bytes(Int(symbol.rawValue), source: source) }
    /// The name of a symbol as a part of the tree's memory.
    public func slice(of symbol: SymbolID) -> ArraySlice<UInt8> { symbols.slice(Int(symbol.rawValue), source: source) }
    /// The bytes of a text.
    public func bytes(of text: TextID) -> [UInt8] { texts.bytes(Int(text.rawValue), source: source) }

    /// The first byte of a symbol's name; nil for the empty name.
    public func firstByte(of symbol: SymbolID) -> UInt8? {
        symbols.slice(Int(symbol.rawValue), source: source).first
    }

    /// The length of a text in bytes.
    public func length(of text: TextID) -> Int { texts.entries[Int(text.rawValue)].count }

    /// The names of all symbols, in the order of their indices.
    public func names() -> [[UInt8]] { (0..<symbols.count).map { symbols.bytes($0, source: source) } }

    /// Calls `body` with each symbol and its name, in the order of their indices.
    public func forEachName(_ body: (SymbolID, UnsafeBufferPointer<UInt8>) -> Void) {
        unsafe source.withUnsafeBufferPointer { buffer in
            let bytes = unsafe SourceBytes(buffer)
            for index in 0..<symbols.count {
                unsafe symbols.withBytes(index, bytes) {
                    unsafe body(SymbolID(UInt32(truncatingIfNeeded: index)), $0)
                }
            }
        }
    }
}
