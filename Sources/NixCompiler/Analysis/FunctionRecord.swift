import NixSyntax

/// What becomes a chunk of its own: the top level, a lambda, or a thunk.
struct FunctionRecord: Sendable {
    enum Body: Sendable {
        case topLevel(NodeID)
        /// A chain of lambdas, from the outermost.
        case lambda(NodeID)
        case thunk(NodeID)
        /// `inherit x;` where the variable needs a thunk: index in the tree's attributes.
        case inherited(attribute: Int)
        /// `inherit (e) x;` as one thunk for `e.x`: index in the tree's attributes, and `e`.
        case inheritedFrom(attribute: Int, source: NodeID)
        /// The set of a `rec` with `__overrides`, overridden.
        case overridden(BindingsID)
    }

    var body: Body
    /// Number of parameters.
    var arity: Int
    /// Number of functions around it.
    var depth: Int
    /// The attribute or variable it is bound to.
    var name: SymbolID?
    /// In `Analysis.captures`, in the order of the upvalues.
    var captures: Run
    /// Whether the `with` chain is captured after them.
    var capturesWith: Bool

    /// Whether it is made by `thunk` rather than `closure`.
    var isThunk: Bool {
        switch body {
        case .topLevel, .lambda: false
        case .thunk, .inherited, .inheritedFrom, .overridden: true
        }
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
