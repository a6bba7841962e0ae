import NixSyntax

/// What the scope analysis found out about one tree: everything that generating code for any one function needs, so
/// that each can be generated alone, in any order, or not at all.
///
/// The tables are parallel to the tree's, with -1 (or `Resolution.none`) for what does not apply.
struct Analysis: Sendable {
    /// The tree's symbols, then well-known names that the source does not mention.
    var symbols: [[UInt8]]
    var wellKnown: WellKnownSymbols
    var functions: [FunctionRecord] = []
    /// Captured bindings of all functions; see `FunctionRecord.captures`.
    var captures: [BindingID] = []
    var bindings: [Binding] = []
    var withs: [WithRecord] = []
    /// By node: what an identifier means; for an operator, the variable that redefines it.
    var resolutions: [Resolution]
    /// By node: the function that a lambda or a lazy expression becomes.
    var functionOfNode: [Int32]
    /// By node: its record in `withs`.
    var withOfNode: [Int32: Int32] = [:]
    /// By node of a search path: what `__nixPath` means there.
    var searchPaths: [Int32: Resolution] = [:]
    /// By attribute: what `inherit name;` means.
    var attributeResolutions: [Resolution]
    /// By attribute: the thunk of an inherited one that needs one.
    var functionOfAttribute: [Int32]
    /// By formal: the thunk of its default, unless that is a constant.
    var functionOfFormal: [Int32]
    /// By index in the tree's children: the hidden binding of an `inherit` source.
    var sourceBindings: [Int32]
    /// By bindings: the first of the consecutive bindings of its attributes.
    var firstBindings: [Int32]
    /// By bindings: the hidden binding of the overridden set, and the function that makes it.
    var overrides: [Int32: (binding: BindingID, function: FunctionID)] = [:]
    /// By lambda: the first of the consecutive bindings of its parameter, if it has one, and formals.
    var firstParameters: [Int32]
    var warnings: [Warning] = []

    init(_ tree: SyntaxTree) {
        symbols = tree.symbols
        wellKnown = WellKnownSymbols(adding: &symbols)
        resolutions = Array(repeating: .none, count: tree.nodes.count)
        functionOfNode = Array(repeating: -1, count: tree.nodes.count)
        attributeResolutions = Array(repeating: .none, count: tree.attributes.count)
        functionOfAttribute = Array(repeating: -1, count: tree.attributes.count)
        functionOfFormal = Array(repeating: -1, count: tree.formals.count)
        sourceBindings = Array(repeating: -1, count: tree.children.count)
        firstBindings = Array(repeating: -1, count: tree.bindings.count)
        firstParameters = Array(repeating: -1, count: tree.lambdas.count)
    }

    func bytes(of symbol: SymbolID) -> [UInt8] { symbols[Int(symbol.rawValue)] }

    func function(of node: NodeID) -> FunctionID? {
        let function = functionOfNode[Int(node.rawValue)]
        return function < 0 ? nil : FunctionID(Int(function))
    }
}
