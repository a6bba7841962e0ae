import NixSyntax

/// A function that is compiled to a chunk of its own: the top level, a lambda, or a thunk. It is packed, because a
/// package set has tens of thousands.
struct FunctionRecord: Sendable {
    enum Body: Sendable {
        case topLevel(NodeID)
        /// A chain of lambdas, given by the outermost.
        case lambda(NodeID)
        case thunk(NodeID)
        /// The default value of a formal that is only a variable. Its value is that of the variable and not a new one,
        /// unlike the value of another thunk.
        case variable(NodeID)
        /// The thunk of `inherit x;`, with the index in the tree's attributes.
        case inherited(attribute: Int)
        /// The thunk of `e.x` for `inherit (e) x;`, with the index in the tree's attributes and the node `e`.
        case inheritedFrom(attribute: Int, source: NodeID)
        /// The overridden set of a `rec` with `__overrides`.
        case overridden(BindingsID)
    }

    private var kind: Kind
    /// Whether the `with` chain is captured, behind the other captures.
    var capturesWith = false
    private var packedArity: UInt16
    /// The node, attribute or binding group of the body.
    private let first: UInt32
    /// The node of the source of an inherited attribute.
    private let second: UInt32
    /// The symbol of the name, or all ones.
    private let packedName: UInt32
    /// A run in `Analysis.captures`, in the order of the upvalues.
    var captures = Run.empty

    private enum Kind: UInt8 {
        case topLevel, lambda, thunk, attempted, variable, inherited, inheritedFrom, overridden
    }

    /// - Parameters:
    ///   - body: what the function is compiled from.
    ///   - arity: number of parameters, at most `Compiler.maximumArity`.
    ///   - name: the attribute or variable that the function is bound to.
    init(_ body: Body, arity: Int, name: SymbolID?) {
        packedArity = UInt16(truncatingIfNeeded: arity)
        packedName = name?.rawValue ?? .max
        switch body {
        case .topLevel(let node): (kind, first, second) = (.topLevel, node.rawValue, 0)
        case .lambda(let node): (kind, first, second) = (.lambda, node.rawValue, 0)
        case .thunk(let node): (kind, first, second) = (.thunk, node.rawValue, 0)
        case .variable(let node): (kind, first, second) = (.variable, node.rawValue, 0)
        case .inherited(let attribute): (kind, first, second) = (.inherited, UInt32(attribute), 0)
        case .inheritedFrom(let attribute, let source):
            (kind, first, second) = (.inheritedFrom, UInt32(attribute), source.rawValue)
        case .overridden(let group): (kind, first, second) = (.overridden, group.rawValue, 0)
        }
    }

    var body: Body {
        switch kind {
        case .topLevel: .topLevel(NodeID(first))
        case .lambda: .lambda(NodeID(first))
        case .thunk, .attempted: .thunk(NodeID(first))
        case .variable: .variable(NodeID(first))
        case .inherited: .inherited(attribute: Int(first))
        case .inheritedFrom: .inheritedFrom(attribute: Int(first), source: NodeID(second))
        case .overridden: .overridden(BindingsID(first))
        }
    }

    var arity: Int {
        get { Int(packedArity) }
        set { packedArity = UInt16(truncatingIfNeeded: newValue) }
    }

    var name: SymbolID? { packedName == .max ? nil : SymbolID(packedName) }

    /// Turns the thunk of an expression that is only a variable into a `variable` function.
    mutating func becomeVariable() {
        if kind == .thunk { kind = .variable }
    }

    /// Whether the thunk is only made if its expression cannot be evaluated at once.
    var isAttempted: Bool { kind == .attempted }

    /// Has the expression of a thunk attempted before the thunk is made.
    mutating func attempt() {
        if kind == .thunk { kind = .attempted }
    }

    /// Whether the function is made by the instruction `thunk`, not by `closure`.
    var isThunk: Bool {
        kind != .topLevel && kind != .lambda
    }
}

/// A `with` expression.
struct WithRecord: Sendable {
    /// The function in whose frame its link of the `with` chain is.
    var function: FunctionID
    /// The enclosing `with`, in any function: an index in `Analysis.withs`, or -1.
    var outer: Int32
    /// Whether any name is looked up through it. No code is generated for a `with` that is not used.
    var isUsed: Bool
}
