import NixStore

/// What one evaluation knows of the store.
final class StoreState {
    /// The derivations made or read so far. Those of an image are decoded when something first asks for any.
    private(set) lazy var derivations =
        image.flatMap { try? ImageDerivations.table($0.catalogue.derivations) } ?? DerivationTable()
    /// The image with which the evaluation began.
    var image: HeapImage?
    /// The contexts of one element, and the meanings of elements. Both are keyed by the element's bits.
    var singleContexts: [UInt64: Value] = [:]
    var contextElements: [UInt64: ContextElement] = [:]
    /// The elements that refer to an output, as the derivation's record and the output's name.
    var outputElements: [UInt64: (record: Int, output: [UInt8])] = [:]
    /// The paths that were coerced to strings, with the results.
    var copiedPaths: [ByteKey: Value] = [:]
    /// The inputs that were fetched, each once.
    var fetched: [(input: FetchInput, tree: FetchedTree, path: [UInt8])] = []
    /// The approximate number of bytes that the evaluation keeps outside the heap: these tables, store objects, loaded
    /// programs, and what the host counts. They count towards the memory limit.
    var byteCount = 0
}
