/// A tree of files, symbolic links and directories in memory: the contents of an archive or a commit.
///
/// As an `EvalIO`, its root has the path `/` and need not be a directory.
public struct MemoryTree: Sendable {
    enum Node: Sendable {
        case file([UInt8], isExecutable: Bool)
        case link([UInt8])
        /// The indices of the entries' nodes by name.
        case directory([[UInt8]: Int])
    }

    /// Why an entry cannot be added.
    public enum Conflict: Error, Sendable {
        /// A component of its path is not a directory, or it would replace a directory.
        case notADirectory
        /// The target of a hard link does not exist or is a directory.
        case missingTarget
        /// A tree cannot contain entries of this type.
        case unsupported
    }

    private var nodes: [Node]
    /// An estimate of the bytes that the tree takes.
    public private(set) var byteCount = 0

    /// Creates an empty directory.
    public init() { nodes = [.directory([:])] }

    /// Creates a single file.
    public init(file contents: [UInt8], isExecutable: Bool = false) {
        nodes = [.file(contents, isExecutable: isExecutable)]
        byteCount = contents.count + 64
    }

    private init(nodes: [Node], byteCount: Int) {
        self.nodes = nodes
        self.byteCount = byteCount
    }

    /// Adds a file, and the directories of its path. It replaces an existing file or link.
    public mutating func putFile(
        _ path: [[UInt8]], _ contents: [UInt8], isExecutable: Bool
    ) throws(Conflict) {
        try put(path, .file(contents, isExecutable: isExecutable))
        byteCount += contents.count
    }

    /// Adds a symbolic link, and the directories of its path. It replaces an existing file or link.
    public mutating func putLink(_ path: [[UInt8]], _ target: [UInt8]) throws(Conflict) {
        try put(path, .link(target))
        byteCount += target.count
    }

    /// Adds a directory unless it exists.
    public mutating func putDirectory(_ path: [[UInt8]]) throws(Conflict) {
        _ = try directory(path)
    }

    /// Adds a copy of the file or link at another path.
    public mutating func putCopy(_ path: [[UInt8]], of target: [[UInt8]]) throws(Conflict) {
        guard let found = find(target) else { throw .missingTarget }
        if case .directory = nodes[found] { throw .missingTarget }
        try put(path, nodes[found])
    }

    private mutating func put(_ path: [[UInt8]], _ node: Node) throws(Conflict) {
        guard let name = path.last else { throw .notADirectory }
        let parent = try directory(path.dropLast())
        guard case .directory(var entries) = nodes[parent] else { throw .notADirectory }
        if let known = entries[name] {
            if case .directory = nodes[known] { throw .notADirectory }
            nodes[known] = node
            return
        }
        // Clearing the node releases its reference, so that the dictionary is changed in place.
        nodes[parent] = .directory([:])
        entries[name] = nodes.count
        nodes[parent] = .directory(entries)
        nodes.append(node)
        byteCount += Self.entrySize + name.count
    }

    /// An estimate of the bytes for an entry besides its name and contents.
    static let entrySize = 160

    /// The index of the directory at a path, which is created if needed.
    private mutating func directory(_ path: some Sequence<[UInt8]>) throws(Conflict) -> Int {
        var current = 0
        for name in path {
            guard case .directory(var entries) = nodes[current] else { throw .notADirectory }
            if let known = entries[name] {
                guard case .directory = nodes[known] else { throw .notADirectory }
                current = known
                continue
            }
            nodes[current] = .directory([:])
            entries[name] = nodes.count
            nodes[current] = .directory(entries)
            current = nodes.count
            nodes.append(.directory([:]))
            byteCount += Self.entrySize + name.count
        }
        return current
    }

    private func find(_ path: some Sequence<[UInt8]>) -> Int? {
        var current = 0
        for name in path {
            guard case .directory(let entries) = nodes[current], let next = entries[name] else { return nil }
            current = next
        }
        return current
    }

    private func node(_ path: [UInt8]) -> Node? { find(CanonPath.components(path)).map { nodes[$0] } }

    /// The path of the only entry if that is a directory; otherwise the root.
    public var onlyDirectory: [UInt8] {
        guard case .directory(let entries) = nodes[0], entries.count == 1, let (name, index) = entries.first,
            case .directory = nodes[index]
        else { return [CanonPath.slash] }
        return [CanonPath.slash] + name
    }
}

extension MemoryTree.Node {
    var type: FileType {
        switch self {
        case .file: .regular
        case .link: .symlink
        case .directory: .directory
        }
    }
}

extension MemoryTree: EvalIO {
    /// The bytes of a piece, so that whoever takes it can stop in time.
    private static var pieceBytes: Int { 1 << 16 }

    public var isPure: Bool { true }

    public func readFile(_ path: [UInt8], limit: Int) throws(EvalIOError) -> [UInt8] {
        guard let node = node(path) else { throw EvalIOError(.notFound, path: path) }
        guard case .file(let contents, _) = node else { throw EvalIOError(.notARegularFile, path: path) }
        if contents.count > limit { throw EvalIOError(.tooLarge(limit: limit), path: path) }
        return contents
    }

    public func streamFile(
        _ path: [UInt8], begin: (FileProperties) -> Void, piece: (UnsafeRawBufferPointer) -> Bool
    ) throws(EvalIOError) {
        guard let node = node(path) else { throw EvalIOError(.notFound, path: path) }
        guard case .file(let contents, let isExecutable) = node else {
            throw EvalIOError(.notARegularFile, path: path)
        }
        begin(FileProperties(size: contents.count, isExecutable: isExecutable))
        unsafe contents.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + Self.pieceBytes)
                guard unsafe piece(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) else { return }
                start = end
            }
        }
    }

    public func readDirectory(_ path: [UInt8]) throws(EvalIOError) -> [DirectoryEntry] {
        guard let node = node(path) else { throw EvalIOError(.notFound, path: path) }
        guard case .directory(let entries) = node else { throw EvalIOError(.notADirectory, path: path) }
        return entries.map { DirectoryEntry(name: $0.key, type: nodes[$0.value].type) }
            .sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    public func fileType(_ path: [UInt8]) throws(EvalIOError) -> FileType? { node(path)?.type }

    public func readLink(_ path: [UInt8]) throws(EvalIOError) -> [UInt8] {
        guard let node = node(path) else { throw EvalIOError(.notFound, path: path) }
        guard case .link(let target) = node else { throw EvalIOError(.notASymlink, path: path) }
        return target
    }

    /// Symbolic links are resolved by the owner of the tree, which knows its path.
    public func resolveSymlinks(_ path: [UInt8], _ resolution: SymlinkResolution) throws(EvalIOError) -> [UInt8] {
        path
    }

    public func environmentVariable(_ name: [UInt8]) -> [UInt8]? { nil }
    public var homeDirectory: [UInt8]? { nil }
    public func currentTime() -> Int64? { nil }
}
