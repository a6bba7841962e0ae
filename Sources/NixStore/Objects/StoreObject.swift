/// The contents of a store path of this evaluation, and where they are read from.
public struct StoreObject: Sendable {
    let io: any EvalIO
    /// The path of the object in `io`.
    let root: [UInt8]
    /// The paths below `root` that belong to the object; nil for all.
    let accepted: Set<[UInt8]>?
    /// The contents, if the object is a single file that is in memory.
    public let text: [UInt8]?
    /// Whether the object is a file that never may be executed, whatever its original may.
    package let isPlainFile: Bool
    /// The store paths that the contents refer to, as far as they are known.
    public let references: [[UInt8]]
    /// An estimate of the bytes that are kept for the object.
    public let byteCount: Int

    /// An estimate of the bytes for an object and its table entry, besides its contents.
    private static let ownSize = 640
    /// An estimate of the bytes for a store path that an object refers to.
    private static let referenceSize = 80

    /// A tree that is read from its original location.
    ///
    /// - Parameters:
    ///   - io: reads the tree.
    ///   - root: the path of the tree.
    ///   - accepted: the paths below `root` that belong to the object; nil for all.
    ///   - isPlainFile: whether the object is a file that may not be executed, whatever its original may.
    ///   - references: the store paths that the tree refers to.
    public init(
        _ io: any EvalIO, root: [UInt8], accepted: Set<[UInt8]>? = nil, isPlainFile: Bool = false,
        references: [[UInt8]] = []
    ) {
        self.io = io
        self.root = root
        self.accepted = accepted
        self.isPlainFile = isPlainFile
        text = nil
        self.references = references
        byteCount =
            Self.ownSize + root.count + references.count * Self.referenceSize
            + (accepted?.reduce(0) { $0 + 64 + $1.count } ?? 0)
    }

    /// An object that was built, which is read from where it lies.
    public init(_ built: BuiltObject) {
        io = LocalIO()
        root = built.location
        accepted = nil
        isPlainFile = false
        text = nil
        references = built.references
        byteCount = Self.ownSize + built.path.count + built.location.count + references.count * Self.referenceSize
    }

    /// A tree in memory, or a part of it.
    public init(_ tree: MemoryTree, root: [UInt8]) {
        io = tree
        self.root = root
        accepted = nil
        isPlainFile = false
        text = nil
        references = []
        byteCount = Self.ownSize + tree.byteCount
    }

    /// A file with the given contents.
    public init(text: [UInt8], references: [[UInt8]]) {
        io = MemoryTree(file: text)
        root = [CanonPath.slash]
        accepted = nil
        isPlainFile = true
        self.text = text
        self.references = references
        byteCount = Self.ownSize + text.count + references.count * Self.referenceSize
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
    package func narHash(
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

    /// The location of a tree that is not in memory: the path that `EvalIO` reads, and the paths below it that belong to
    /// the object, if not all do. Who has the same files can make the object without its contents.
    public var source: (path: [UInt8], accepted: Set<[UInt8]>?)? {
        io is MemoryTree || io is NarTree ? nil : (root, accepted)
    }

    /// Writes the NAR of the object, in pieces.
    ///
    /// - Parameters:
    ///   - sink: receives the archive.
    ///   - proceed: called with the number of bytes about to be written; returning false stops.
    public func writeArchive<Sink: NarSink>(
        to sink: inout Sink, proceed: @escaping (Int) -> Bool
    ) throws(ArchiveError) {
        let accepted = accepted
        try NarStream.write(
            root, to: &sink, io: io, omitsExecutable: isPlainFile,
            accepts: { path, _ in accepted?.contains(path) ?? true }, proceed: proceed)
    }

    /// Writes the bytes of the object, which is one file, in pieces. The parameters are those of `writeArchive`.
    func writeFile<Sink: NarSink>(to sink: inout Sink, proceed: (Int) -> Bool) throws(ArchiveError) {
        var isStopped = false
        do throws(EvalIOError) {
            unsafe try io.streamFile(root, begin: { _ in }) { piece in
                unsafe isStopped = !proceed(piece.count) || !sink.write(piece) || !sink.contents(piece)
                return !isStopped
            }
        } catch {
            throw .io(error)
        }
        if isStopped { throw .stopped }
    }
}
