import NixSyntax

/// What becomes a chunk of its own: the top level, a lambda, or a thunk. Packed: a package set has tens of thousands.
struct FunctionRecord: Sendable {
    enum Body: Sendable {
        case topLevel(NodeID)
        /// A chain of lambdas, from the outermost.
        case lambda(NodeID)
        case thunk(NodeID)
        /// A variable that a default stands for: not a value of its own, as that of another thunk is.
        case variable(NodeID)
        /// `inherit x;` where the variable needs a thunk: index in the tree's attributes.
        case inherited(attribute: Int)
        /// `inherit (e) x;` as one thunk for `e.x`: index in the tree's attributes, and `e`.
        case inheritedFrom(attribute: Int, source: NodeID)
        /// The set of a `rec` with `__overrides`, overridden.
        case overridden(BindingsID)
    }

    private var kind: Kind
    /// Whether the `with` chain is captured after them.
    var capturesWith = false
    private var packedArity: UInt16
    /// The node, attribute or group of the body.
    private let first: UInt32
    /// The source of an inherited attribute.
    private let second: UInt32
    /// The symbol, or all bits.
    private let packedName: UInt32
    /// In `Analysis.captures`, in the order of the upvalues.
    var captures = Run.empty

    private enum Kind: UInt8 {
        case topLevel, lambda, thunk, variable, inherited, inheritedFrom, overridden
    }

    /// - Parameters:
    ///   - arity: number of parameters, at most `Compiler.maximumArity`.
    ///   - name: the attribute or variable it is bound to.
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
        case .thunk: .thunk(NodeID(first))
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

    /// Makes the thunk of an expression that of a variable, which is all that it is.
    mutating func becomeVariable() {
        if kind == .thunk { kind = .variable }
    }

    /// Whether it is made by `thunk` rather than `closure`.
    var isThunk: Bool {
        kind != .topLevel && kind != .lambda
    }
}

/// A `with` expression.
struct WithRecord: Sendable {
    /// The function on whose frame its link of the chain lies.
    var function: FunctionID
    /// The `with` around it, in any function: index in `Analysis.withs`, else -1.
    var outer: Int32
    /// Whether anything is looked up through it. One that is not used leaves no trace in the code.
    var isUsed: Bool
}
