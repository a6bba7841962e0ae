import NixStore

/// What one evaluation knows of the store.
final class StoreState {
    /// The derivations made or read so far. Those of an image are set up when something first asks for any.
    private(set) lazy var derivations =
        image.flatMap { DerivationTable(stored: $0.bytes(.derivations), texts: $0.bytes(.derivationTexts)) }
        ?? DerivationTable()
    /// The image with which the evaluation began.
    var image: HeapImage?
    /// What is known of elements of contexts, by the element's bits.
    var elements = WordTable<ContextElementEntry>()
    /// The paths that were coerced to strings, with the bits of the results, by the path's symbol plus one.
    var copiedPaths = WordTable<UInt64>()
    /// The inputs that were fetched, each once.
    var fetched: [(input: FetchInput, tree: FetchedTree, path: [UInt8])] = []
    /// The approximate number of bytes that the evaluation keeps outside the heap: these tables, store objects, loaded
    /// programs, and what the host counts. They count towards the memory limit.
    var byteCount = 0
}

/// What is known of an element of a context.
struct ContextElementEntry: BitwiseCopyable {
    /// The bits of the context with this element alone; 0 if none was made.
    var context: UInt64 = 0
    /// For an output of a derivation, the index of the derivation's record; `none` otherwise, or if nothing asked yet.
    var record = Self.none
    /// The length of the output's name, which is in the element's text.
    var outputLength: UInt32 = 0

    static let none = UInt32.max
}
