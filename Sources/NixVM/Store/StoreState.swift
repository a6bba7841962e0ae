import NixStore

/// What one evaluation knows of the store.
final class StoreState {
    /// The derivations made or read so far.
    let derivations = DerivationTable()
    /// Contexts of one element by the element's bits, and what elements mean.
    var singleContexts: [UInt64: Value] = [:]
    var contextElements: [UInt64: ContextElement] = [:]
    /// The output elements of contexts: the derivation's record and the output.
    var outputElements: [UInt64: (record: Int, output: [UInt8])] = [:]
    /// Paths that were coerced to strings, with the strings.
    var copiedPaths: [ByteKey: Value] = [:]
    /// What was fetched: each input once.
    var fetched: [(input: FetchInput, tree: FetchedTree, path: [UInt8])] = []
    /// Bytes that the tables here and the store objects take, about: they count under the memory limit.
    var byteCount = 0
}
