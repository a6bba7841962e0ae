/// What a store path of this evaluation holds, and where that is read: nothing is written to a store.
public struct StoreObject: Sendable {
    let io: any EvalIO
    /// The path that the object lies at in `io`.
    let root: [UInt8]
    /// The paths below `root` that are part of the object; nil when all are.
    let accepted: Set<[UInt8]>?
    /// The store paths that the contents refer to, as far as they are known.
    public let references: [[UInt8]]
    /// Bytes that are kept for the object, about.
    public let byteCount: Int

    /// What an object takes beside its contents, with its place in the table, about.
    private static let ownSize = 640

    /// A tree that is read where it lies.
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

    /// A file with these contents.
    public init(text: [UInt8], references: [[UInt8]]) {
        io = MemoryTree(file: text)
        root = [CanonPath.slash]
        accepted = nil
        self.references = references
        byteCount = Self.ownSize + text.count + references.count * 80
    }

    /// Where something below the object is read; nil when it is not part of it.
    func place(_ components: some Sequence<[UInt8]>) -> [UInt8]? {
        var path = root
        for component in components {
            if path != [CanonPath.slash] { path.append(CanonPath.slash) }
            path += component
            if let accepted, !accepted.contains(path) { return nil }
        }
        return path
    }

    /// The hash of the object's archive. `proceed` as `NarStream.hash` has it; `visit` is told of each path below the
    /// root that is part of it.
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
