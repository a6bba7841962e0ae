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

/// A run of elements in one of the tree's side tables.
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

/// One expression. Every case is trivial: children are indices, so that a tree is freed without recursion.
public enum Node: Sendable {
    case integer(Int64)
    case float(Double)
    /// A string of either form, with escapes and indentation already applied; `parts` lies in `SyntaxTree.parts`.
    case string(parts: Run)
    /// A URL literal; evaluates to a string.
    case uri(TextID)
    /// A path literal without interpolation, as written (`/a`, `./b`, `c/d`). A leading `~/` is `homePath`.
    case path(TextID)
    /// `~/rest`; the text is as written.
    case homePath(TextID)
    /// A path with interpolation. The first part is literal and starts as a `path` or `homePath` does.
    case interpolatedPath(parts: Run)
    /// `<name>`; the text is what stands between the brackets.
    case searchPath(TextID)
    case identifier(SymbolID)
    /// `__curPos`
    case currentPosition
    /// `base.path` or `base.path or fallback`; `path` lies in `SyntaxTree.attributeNames`.
    case select(base: NodeID, path: Run, fallback: NodeID?)
    /// `base ? path`
    case hasAttribute(base: NodeID, path: Run)
    case lambda(LambdaID)
    /// `function a b c`, flattened; `arguments` lies in `SyntaxTree.children`.
    case apply(function: NodeID, arguments: Run)
    case letIn(bindings: BindingsID, body: NodeID)
    /// `let { ...; body = e; }`: the recursive set's attribute `body`.
    case legacyLet(bindings: BindingsID)
    case attributeSet(bindings: BindingsID, recursive: Bool)
    /// `elements` lies in `SyntaxTree.children`.
    case list(elements: Run)
    case with(scope: NodeID, body: NodeID)
    case assert(condition: NodeID, body: NodeID)
    case conditional(condition: NodeID, then: NodeID, otherwise: NodeID)
    case not(NodeID)
    case negate(NodeID)
    case binary(BinaryOperator, NodeID, NodeID)
}

/// The binary operators that reach the compiler. `a |> f` and `f <| a` are kept apart from application only for
/// their spans; they mean `f a`.
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
    /// An identifier or a string without interpolation.
    case fixed(SymbolID, Span)
    /// `${e}` or a string with interpolation; the node is the expression of the name.
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
    /// Span of `parameter`; empty without one.
    public var parameterSpan: Span
    /// Whether there is a `{ ... }` pattern.
    public var hasFormals: Bool
    /// In `SyntaxTree.formals`, in source order.
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

/// The bindings of a `let` or an attribute set after `a.b = 1; a.c = 2;` was merged into nested sets, by Nix's rules
/// for duplicates.
public struct Bindings: Sendable {
    /// In `SyntaxTree.attributes`, in the order their names first appear.
    public var attributes: Run
    /// In `SyntaxTree.dynamicAttributes`, in source order.
    public var dynamicAttributes: Run
    /// In `SyntaxTree.children`: the `e` of each `inherit (e) ...;`, in source order.
    public var inheritSources: Run
    /// Number of `inherit;` and `inherit (e);` without names (for warnings).
    public var emptyInherits: UInt32

    public init(attributes: Run, dynamicAttributes: Run, inheritSources: Run, emptyInherits: UInt32) {
        self.attributes = attributes
        self.dynamicAttributes = dynamicAttributes
        self.inheritSources = inheritSources
        self.emptyInherits = emptyInherits
    }
}

/// An attribute whose name is known to the parser.
public struct Attribute: Sendable {
    /// What an attribute is bound to.
    public enum Value: Sendable {
        case expression(NodeID)
        /// `inherit name;`: the variable of the enclosing scope, never of this set or `let`.
        case inherited
        /// `inherit (e) name;`: index of `e` among this group's `inheritSources`.
        case inheritedFrom(UInt32)
    }

    public var name: SymbolID
    /// Span of the name where it is bound: what `unsafeGetAttrPos` reports.
    public var span: Span
    /// A node; above all nodes, the number of a source; `inherited`.
    @usableFromInline var packedValue: UInt32

    public init(name: SymbolID, span: Span, value: Value) {
        self.name = name
        self.span = span
        packedValue = Self.pack(value)
    }

    @inlinable
    public var value: Value {
        get {
            if packedValue < Self.sources { return .expression(NodeID(packedValue)) }
            return packedValue == UInt32.max ? .inherited : .inheritedFrom(packedValue - Self.sources)
        }
        set { packedValue = Self.pack(newValue) }
    }

    /// No source is long enough for so many nodes.
    @usableFromInline static let sources: UInt32 = 1 << 31

    @inlinable
    static func pack(_ value: Value) -> UInt32 {
        switch value {
        case .expression(let node): node.rawValue
        case .inherited: UInt32.max
        case .inheritedFrom(let source): source + sources
        }
    }
}

/// An attribute whose name is computed.
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
    /// The names of symbols and the texts, by number.
    public var symbols: TextTable
    public var texts: TextTable
    public var children: [NodeID]
    /// Literals of an indented string may stand side by side: Nix keeps its escapes apart.
    public var parts: [StringPart]
    /// Span of each part, parallel to `parts`; that of an interpolation starts at its `${`.
    public var partSpans: [Span]
    public var attributeNames: [AttributeName]
    public var lambdas: [Lambda]
    public var formals: [Formal]
    public var bindings: [Bindings]
    public var attributes: [Attribute]
    public var dynamicAttributes: [DynamicAttribute]
    /// Where `f or` is an argument, an element or a fallback without parentheses, in the order of their ends: a newer
    /// Nix will take `or` for an argument or element of its own.
    public var ambiguousOrs: [Span]
    /// Offset of the first byte of each line; looked for anew each time.
    public var lineStarts: [UInt32] { SourceLocation.lineStarts(of: source) }

    /// The deepest tree that `parse` makes: a node without children has depth 0, any other one more than its deepest
    /// child, and a binding of `a.b.c` counts as three nested sets.
    public static let maximumDepth = 10_000

    /// A node.
    @inlinable public subscript(_ id: NodeID) -> Node { nodes[Int(id.rawValue)] }
    /// Where a node stands in the source.
    @inlinable public func span(of id: NodeID) -> Span { spans[Int(id.rawValue)] }
    /// Where an error in a node is reported: the operator of `.binary`, else the start of the span. Parentheses around
    /// a first operand belong to the span, those around the node itself do not.
    public func position(of id: NodeID) -> UInt32 {
        nodes.position(Int(id.rawValue)) ?? spans[Int(id.rawValue)].start
    }
    /// A symbol's name.
    public func bytes(of symbol: SymbolID) -> [UInt8] { symbols.bytes(Int(symbol.rawValue), source: source) }
    /// A text's bytes.
    public func bytes(of text: TextID) -> [UInt8] { texts.bytes(Int(text.rawValue), source: source) }

    /// The first byte of a symbol's name; nil for the empty one.
    public func firstByte(of symbol: SymbolID) -> UInt8? {
        symbols.slice(Int(symbol.rawValue), source: source).first
    }

    /// Bytes of a text.
    public func length(of text: TextID) -> Int { texts.places[Int(text.rawValue)].count }

    /// Every name, in the order of the numbers.
    public func names() -> [[UInt8]] { (0..<symbols.count).map { symbols.bytes($0, source: source) } }

    /// Calls `body` with the name of each symbol, in the order of the numbers.
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
