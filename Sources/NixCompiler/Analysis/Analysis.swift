import ByteCounting
import NixSyntax

/// The result of the scope analysis of one tree. It has everything that generating code for a function needs, so that
/// each function can be generated alone, in any order, or not at all.
///
/// The tables are parallel to the tree's, with -1 (or `Resolution.none`) where nothing applies.
struct Analysis: Sendable {
    var wellKnown: WellKnownSymbols
    var functions: [FunctionRecord] = []
    /// The captured bindings of all functions. A function's captures are a run in this table.
    var captures: [BindingID] = []
    /// By binding: the function in whose frame it is.
    var functionOfBinding: [FunctionID] = []
    var withs: [WithRecord] = []
    /// By node: the resolution of an identifier, or of the variable that redefines an operator.
    private var resolutions: [PackedResolution]
    /// By node: the function that a lambda or a lazy expression is compiled to.
    var functionOfNode: [Int32]
    /// By node of a lambda that is delayed itself (`CompileOptions.delaysLikeNix`): its thunk.
    var thunkOfLambda: [Int32: Int32] = [:]
    /// By node of a `with`: its index in `withs`.
    var withOfNode: [Int32: Int32] = [:]
    /// By node of a search path: the resolution of `__nixPath`.
    var searchPaths: [Int32: Resolution] = [:]
    /// By attribute: the resolution of `inherit name;`.
    private var attributeResolutions: [PackedResolution]
    /// The operands of `attribute` resolutions, which do not fit a packed one.
    private var resolvedAttributes: [(set: BindingID, name: SymbolID)] = []
    /// By attribute: the thunk of an inherited attribute that needs one.
    var functionOfAttribute: [Int32]
    /// By formal: the thunk of its default value, unless that is a constant.
    var functionOfFormal: [Int32]
    /// By index in the tree's children: the hidden binding of an `inherit` source.
    var sourceBindings: [Int32]
    /// By binding group: the first of the consecutive bindings of its attributes.
    var firstBindings: [Int32]
    /// By binding group: the hidden binding of the overridden set, and the thunk that makes it.
    var overrides: [Int32: (binding: BindingID, function: FunctionID)] = [:]
    /// By lambda: the first of the consecutive bindings of its parameter, if it has one, and its formals.
    var firstParameters: [Int32]
    var packedWarnings: [PackedWarning] = []

    /// Bytes of the tables that are parallel to a tree's.
    static func byteCount(for tree: SyntaxTree) -> Int {
        let nodes = tree.nodes.count * (MemoryLayout<PackedResolution>.stride + MemoryLayout<Int32>.stride)
        let attributes = tree.attributes.count * (MemoryLayout<PackedResolution>.stride + MemoryLayout<Int32>.stride)
        let rest = tree.formals.count + tree.children.count + tree.bindings.count + tree.lambdas.count
        return nodes + attributes + rest * MemoryLayout<Int32>.stride
    }

    init(_ tree: SyntaxTree) {
        wellKnown = WellKnownSymbols(tree)
        resolutions = Array(repeating: .none, count: tree.nodes.count)
        functionOfNode = Array(repeating: -1, count: tree.nodes.count)
        attributeResolutions = Array(repeating: .none, count: tree.attributes.count)
        functionOfAttribute = Array(repeating: -1, count: tree.attributes.count)
        functionOfFormal = Array(repeating: -1, count: tree.formals.count)
        sourceBindings = Array(repeating: -1, count: tree.children.count)
        firstBindings = Array(repeating: -1, count: tree.bindings.count)
        firstParameters = Array(repeating: -1, count: tree.lambdas.count)
    }

    func function(of node: NodeID) -> FunctionID? {
        let function = functionOfNode[Int(node.rawValue)]
        return function < 0 ? nil : FunctionID(Int(function))
    }

    /// The function that makes the value of an expression where it may be delayed.
    func delayedFunction(of node: NodeID) -> FunctionID? {
        if !thunkOfLambda.isEmpty, let thunk = thunkOfLambda[Int32(truncatingIfNeeded: node.rawValue)] {
            return FunctionID(Int(thunk))
        }
        return function(of: node)
    }
}

extension Analysis {
    /// Bytes of the growing tables while `more` elements are added to each, see `Array.byteCount(adding:)`.
    func byteCount(adding more: Int) -> Int {
        // A dictionary entry takes more than its key and value, because some buckets are free.
        let entries =
            (withOfNode.capacity + thunkOfLambda.capacity) * 16 + searchPaths.capacity * 32 + overrides.capacity * 32
        return entries + functions.byteCount(adding: more) + captures.byteCount(adding: more)
            + functionOfBinding.byteCount(adding: 0) + withs.byteCount(adding: more)
            + resolvedAttributes.byteCount(adding: more)
            + packedWarnings.byteCount(adding: more)
    }

    /// Returns the room into which the tables might have grown.
    mutating func trim() {
        functions.trim()
        captures.trim()
        withs.trim()
        resolvedAttributes.trim()
    }

    /// Bytes of all tables, estimated so that equal sources give equal numbers.
    var memoryBytes: Int {
        let entries =
            (withOfNode.count + thunkOfLambda.count) * 24 + searchPaths.count * 48 + overrides.count * 48
        let grown =
            functions.estimatedByteCount + captures.estimatedByteCount + withs.estimatedByteCount
            + resolvedAttributes.estimatedByteCount
            + packedWarnings.estimatedByteCount + functionOfBinding.count * MemoryLayout<FunctionID>.stride
        let attributes = attributeResolutions.count + functionOfAttribute.count
        let others = functionOfFormal.count + sourceBindings.count + firstBindings.count + firstParameters.count
        return entries + grown + (resolutions.count + functionOfNode.count + attributes + others) * 4
    }

    var warningCount: Int { packedWarnings.count }

    /// The first `limit` warnings, in the order in which the analysis found them.
    func warnings(in tree: SyntaxTree, limit: Int = .max) -> [Warning] {
        packedWarnings.prefix(limit).map { $0.unpacked { wellKnown.name(of: $0, in: tree) } }
    }

    func resolution(of node: NodeID) -> Resolution { unpacked(resolutions[Int(node.rawValue)]) }

    mutating func resolve(_ node: NodeID, to resolution: Resolution) {
        resolutions[Int(node.rawValue)] = packed(resolution)
    }

    /// The resolution of `inherit name;`.
    func resolution(ofAttribute index: Int) -> Resolution { unpacked(attributeResolutions[index]) }

    mutating func resolve(attribute index: Int, to resolution: Resolution) {
        attributeResolutions[index] = packed(resolution)
    }

    private func unpacked(_ packed: PackedResolution) -> Resolution {
        switch packed.kind {
        case .none: return .none
        case .binding: return .binding(BindingID(packed.index))
        case .attribute:
            let attribute = resolvedAttributes[packed.index]
            return .attribute(attribute.set, attribute.name)
        case .global: return .global(SymbolID(UInt32(truncatingIfNeeded: packed.index)))
        case .dynamic: return .dynamic(SymbolID(UInt32(truncatingIfNeeded: packed.index)))
        }
    }

    private mutating func packed(_ resolution: Resolution) -> PackedResolution {
        switch resolution {
        case .none: return .none
        case .binding(let binding): return PackedResolution(.binding, binding.index)
        case .attribute(let set, let name):
            resolvedAttributes.append((set: set, name: name))
            return PackedResolution(.attribute, resolvedAttributes.count - 1)
        case .global(let symbol): return PackedResolution(.global, Int(symbol.rawValue))
        case .dynamic(let symbol): return PackedResolution(.dynamic, Int(symbol.rawValue))
        }
    }
}

/// A resolution in four bytes. The largest source has fewer than 2^29 names, bindings and uses of them, since each
/// takes at least two bytes.
private struct PackedResolution: Sendable {
    enum Kind: UInt32 {
        case none, binding, attribute, global, dynamic
    }

    private let bits: UInt32

    static let none = PackedResolution(.none, 0)

    init(_ kind: Kind, _ index: Int) { bits = UInt32(truncatingIfNeeded: index) << 3 | kind.rawValue }

    var kind: Kind { Kind(rawValue: bits & 7) ?? .none }
    var index: Int { Int(bits >> 3) }
}
