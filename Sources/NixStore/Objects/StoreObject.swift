/// The contents of a store path of this evaluation, and where they are read from. Nothing is written to a store.
public struct StoreObject: Sendable {
    let io: any EvalIO
    /// The path of the object in `io`.
    let root: [UInt8]
    /// The paths below `root` that belong to the object; nil for all.
    let accepted: Set<[UInt8]>?
    /// The store paths that the contents refer to, as far as they are known.
    public let references: [[UInt8]]
    /// An estimate of the bytes that are kept for the object.
    public let byteCount: Int

    /// An estimate of the bytes for an object and its table entry, besides its contents.
    private static let ownSize = 640

    /// A tree that is read from its original location.
    public init(_ io: any EvalIO, root: [UInt8], accepted: Set<[UInt8]>? = nil) {
        self.io = io
        self.root = root
        self.accepted = accepted
        references = []
        byteCount = Self.ownSize + root.count + (accepted?.reduce(0) { $0 + 64 + $1.count } ?? 0)
    }

    /// A tree in memory, or a part of it.
    public init(_ tree: MemoryTree, root: [UInt8]) {
        io = tree
        self.root = root
        accepted = nil
        references = []
        byteCount = Self.ownSize + tree.byteCount
    }

    /// A file with the given contents.
    public init(text: [UInt8], references: [[UInt8]]) {
        io = MemoryTree(file: text)
        root = [CanonPath.slash]
        accepted = nil
        self.references = references
        byteCount = Self.ownSize + text.count + references.count * 80
    }

    /// The path in `io` of something in the object; nil if it does not belong to the object.
    func path(_ components: some Sequence<[UInt8]>) -> [UInt8]? {
        var result = root
        for component in components {
            if result != [CanonPath.slash] { result.append(CanonPath.slash) }
            result += component
            if let accepted, !accepted.contains(result) { return nil }
        }
        return result
    }

    /// Hashes the NAR of the object.
    ///
    /// - Parameters:
    ///   - algorithm: the hash function.
    ///   - visit: called with each path below the root that belongs to the object.
    ///   - proceed: see `NarStream.hash`.
    func narHash(
        _ algorithm: HashAlgorithm, visit: @escaping ([UInt8]) -> Void, proceed: @escaping (Int) -> Bool
    ) throws(ArchiveError) -> Hash {
        let accepted = accepted
        let accepts = { (path: [UInt8], _: FileType) in
            guard accepted?.contains(path) ?? true else { return false }
            visit(path)
            return true
        }
        return try NarStream.hash(root, algorithm, io: io, accepts: accepts, proceed: proceed)
    }
}
