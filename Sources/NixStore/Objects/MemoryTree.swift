/// Files, links and directories in memory: what an archive or a commit holds.
///
/// As an `EvalIO` it has paths from `/`, its root, which need not be a directory.
public struct MemoryTree: Sendable {
    enum Node: Sendable {
        case file([UInt8], isExecutable: Bool)
        case link([UInt8])
        /// Entries by name: indices of nodes.
        case directory([[UInt8]: Int])
    }

    /// Why an entry has no place.
    public enum Conflict: Error, Sendable {
        /// A component of its path is no directory, or a directory would be replaced.
        case notADirectory
        /// What is to be put once more is not there, or a directory.
        case missingTarget
        /// It is of a kind that a tree does not hold.
        case unsupported
    }

    private var nodes: [Node]
    /// Bytes that the tree takes, about.
    public private(set) var byteCount = 0

    /// An empty directory.
    public init() { nodes = [.directory([:])] }

    /// One file.
    public init(file contents: [UInt8], isExecutable: Bool = false) {
        nodes = [.file(contents, isExecutable: isExecutable)]
        byteCount = contents.count + 64
    }

    private init(nodes: [Node], byteCount: Int) {
        self.nodes = nodes
        self.byteCount = byteCount
    }

    /// Puts a file, with directories for its path; replaces a file or link that is there.
    public mutating func putFile(
        _ path: [[UInt8]], _ contents: [UInt8], isExecutable: Bool
    ) throws(Conflict) {
        try put(path, .file(contents, isExecutable: isExecutable))
        byteCount += contents.count
    }

    /// Puts a symbolic link, with directories for its path; replaces a file or link that is there.
    public mutating func putLink(_ path: [[UInt8]], _ target: [UInt8]) throws(Conflict) {
        try put(path, .link(target))
        byteCount += target.count
    }

    /// Puts a directory; one that is there stays.
    public mutating func putDirectory(_ path: [[UInt8]]) throws(Conflict) {
        _ = try directory(path)
    }

    /// Puts the file or link that lies at another path once more.
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
        // The dictionary is changed in place: its only other holder lets go first.
        nodes[parent] = .directory([:])
        entries[name] = nodes.count
        nodes[parent] = .directory(entries)
        nodes.append(node)
        byteCount += Self.entrySize + name.count
    }

    /// What an entry takes beside its name and contents, about.
    static let entrySize = 160

    /// The index of the directory at a path, made where it is missing.
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

    /// The path of the only entry when there is one and it is a directory; else that of the root.
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
    public var isPure: Bool { true }

    public func readFile(_ path: [UInt8], limit: Int) throws(EvalIOError) -> [UInt8] {
        guard let node = node(path) else { throw EvalIOError(.notFound, path: path) }
        guard case .file(let contents, _) = node else { throw EvalIOError(.notARegularFile, path: path) }
        if contents.count > limit { throw EvalIOError(.tooLarge(limit: limit), path: path) }
        return contents
    }

    public func streamFile(
        _ path: [UInt8], begin: (FileFacts) -> Void, piece: (UnsafeRawBufferPointer) -> Bool
    ) throws(EvalIOError) {
        guard let node = node(path) else { throw EvalIOError(.notFound, path: path) }
        guard case .file(let contents, let isExecutable) = node else {
            throw EvalIOError(.notARegularFile, path: path)
        }
        begin(FileFacts(size: contents.count, isExecutable: isExecutable))
        _ = unsafe contents.withUnsafeBytes { unsafe piece($0) }
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

    /// Links are for who shows the tree at a place of its own to follow.
    public func resolveSymlinks(_ path: [UInt8], _ resolution: SymlinkResolution) throws(EvalIOError) -> [UInt8] {
        path
    }

    public func environmentVariable(_ name: [UInt8]) -> [UInt8]? { nil }
    public var homeDirectory: [UInt8]? { nil }
    public func currentTime() -> Int64? { nil }
}
