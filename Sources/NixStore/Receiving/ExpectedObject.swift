/// What somebody else says about a store object before its contents are known: its path, and from what that follows.
public struct ExpectedObject: Sendable {
    /// The store path.
    public let path: [UInt8]
    public let method: ContentAddressMethod
    /// The hash from which the path follows; nil for a text.
    public let hash: Hash?
    /// The store paths to which a text refers that is no derivation, or a tree that was copied from a built object.
    public let references: [[UInt8]]

    /// - Parameters:
    ///   - name: the store path without the store's directory.
    ///   - method: how the contents are hashed: as a text, an archive, or a single file.
    ///   - algorithm: the name of the hash function; not used for a text.
    ///   - hash: the bytes of the hash; not used for a text.
    ///   - references: the names of the objects to which a text or a tree refers.
    /// - Throws: why there is no such object, or why its path does not follow from the hash.
    public init(
        name: [UInt8], method: ContentAddressMethod, algorithm: String, hash: [UInt8], references: [[UInt8]]
    ) throws(StoreWriteError) {
        path = Self.path(name)
        guard StorePath.isStorePath(path) else { throw StoreWriteError("refused ", name, ": it names no store object") }
        self.method = method
        self.references = references.map(Self.path)
        for reference in self.references where !StorePath.isStorePath(reference) {
            throw StoreWriteError("refused ", path, ": one of its references is no store path")
        }
        switch method {
        case .text: self.hash = nil
        case .nar, .flat:
            guard let algorithm = HashAlgorithm(rawValue: algorithm), hash.count == algorithm.size,
                method == .nar || references.isEmpty
            else { throw StoreWriteError("refused ", path, ": its hash is malformed, or a file has references") }
            let hash = Hash(algorithm, bytes: hash)
            self.hash = hash
            let isPath =
                (try? StorePath.fixed(name: StorePath.name(path), hash, method, references: self.references)) == path
            guard isPath, !StorePath.isDerivation(path) else {
                throw StoreWriteError("refused ", path, ": the path does not follow from the hash that comes with it")
            }
        case .git: throw StoreWriteError("refused ", path, ": no object is hashed as in Git")
        }
    }

    private static func path(_ name: [UInt8]) -> [UInt8] { StorePath.directory + [CanonPath.slash] + name }

    /// The object with these contents.
    ///
    /// - Throws: if the path does not follow from the text.
    public func addition(text: [UInt8]) throws(StoreWriteError) -> StoreAddition {
        let hash = Hash(of: text, .sha256)
        let references = StorePath.isDerivation(path) ? try derivationReferences(text) : references
        guard (try? StorePath.text(name: StorePath.name(path), sha256: hash.bytes, references: references)) == path
        else { throw StoreWriteError("refused ", path, ": the path does not follow from the text that came with it") }
        return StoreAddition(
            path: path, address: ContentAddress(.text, hash), StoreObject(text: text, references: references))
    }

    /// The store paths that a derivation refers to, sorted and distinct.
    private func derivationReferences(_ text: [UInt8]) throws(StoreWriteError) -> [[UInt8]] {
        let derivation: StoredDerivation
        do throws(StoreError) {
            derivation = try StoredDerivation(parsing: text)
        } catch {
            throw StoreWriteError(
                "refused ", path, ": its text is no derivation: \(String(decoding: error.message, as: UTF8.self))")
        }
        let references = Set(derivation.inputs.map(\.path) + derivation.sources)
        guard references.allSatisfy(StorePath.isStorePath) else {
            throw StoreWriteError("refused ", path, ": it refers to something that is no store path")
        }
        return references.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// The object with the contents of a tree that another `EvalIO` reads, if it has the expected hash.
    ///
    /// - Parameters:
    ///   - io: reads the tree.
    ///   - root: the path of the tree.
    ///   - isStopped: polled while the tree is hashed.
    /// - Returns: nil if the tree is missing, cannot be read or has another hash.
    public func addition(_ io: any EvalIO, root: [UInt8], isStopped: @escaping () -> Bool) -> StoreAddition? {
        guard let hash else { return nil }
        let isPlain = method == .flat
        let found =
            try? isPlain
            ? NarStream.flatHash(root, hash.algorithm, io: io) { _ in !isStopped() }
            : NarStream.hash(root, hash.algorithm, io: io) { _ in !isStopped() }
        guard found == hash else { return nil }
        let resolved = isPlain ? (try? io.resolveSymlinks(root, .full)) ?? root : root
        return StoreAddition(
            path: path, address: ContentAddress(method, hash),
            StoreObject(io, root: resolved, isPlainFile: isPlain, references: references))
    }
}
