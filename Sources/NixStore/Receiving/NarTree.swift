/// The tree in a received archive (NAR), which is read where it lies: nothing is unpacked, and no name in it reaches the
/// file system.
///
/// As an `EvalIO`, its root has the path `/` and need not be a directory.
public struct NarTree: Sendable {
    enum Node: Sendable {
        case file(offset: Int, size: Int, isExecutable: Bool)
        case link([UInt8])
        /// The entries and the indices of their nodes, in the order of names.
        case directory([(name: [UInt8], index: Int)])
    }

    let nodes: [Node]
    let bytes: ArchiveBytes

    /// Parses an archive.
    ///
    /// - Throws: what is wrong with it. Only the form that Nix itself writes is accepted, so the same tree has no other
    ///   archive.
    init(_ bytes: ArchiveBytes) throws(MalformedArchive) {
        var parser = NarParser(bytes)
        nodes = try parser.parse()
        self.bytes = bytes
    }

    /// Parses an archive in memory.
    public init(_ bytes: [UInt8]) throws(MalformedArchive) { try self.init(.memory(bytes)) }

    private func node(_ path: [UInt8]) -> Node? {
        var current = 0
        for name in CanonPath.components(path) {
            guard case .directory(let entries) = nodes[current], let next = Self.find(name, entries) else { return nil }
            current = next
        }
        return nodes[current]
    }

    private static func find(_ name: [UInt8], _ entries: [(name: [UInt8], index: Int)]) -> Int? {
        var known = entries[...]
        while !known.isEmpty {
            let middle = known.startIndex + known.count / 2
            if entries[middle].name == name { return entries[middle].index }
            let isBefore = entries[middle].name.lexicographicallyPrecedes(name)
            known = isBefore ? known[(middle + 1)...] : known[..<middle]
        }
        return nil
    }

    /// The size of the single file that the tree is, if nobody may execute it; nil for any other tree.
    var plainFileSize: Int? {
        if case .file(_, let size, isExecutable: false) = nodes[0] { return size }
        return nil
    }
}

/// Why bytes are no archive.
public struct MalformedArchive: Error, Sendable, Equatable {
    /// The end of a sentence "the archive ...".
    public let reason: String

    init(_ reason: String) { self.reason = reason }
}

extension NarTree.Node {
    var type: FileType {
        switch self {
        case .file: .regular
        case .link: .symlink
        case .directory: .directory
        }
    }
}

extension NarTree: EvalIO {
    /// The bytes that are read at once.
    private static var pieceBytes: Int { 1 << 16 }

    public var isPure: Bool { true }

    public func readFile(_ path: [UInt8], limit: Int) throws(EvalIOError) -> [UInt8] {
        guard let node = node(path) else { throw EvalIOError(.notFound, path: path) }
        guard case .file(let offset, let size, _) = node else { throw EvalIOError(.notARegularFile, path: path) }
        if size > limit { throw EvalIOError(.tooLarge(limit: limit), path: path) }
        return try EvalIOError.wrapping(path, "reading from file") { () throws(SystemError) in
            try bytes.read(at: offset, count: size)
        }
    }

    public func streamFile(
        _ path: [UInt8], begin: (FileProperties) -> Void, piece: (UnsafeRawBufferPointer) -> Bool
    ) throws(EvalIOError) {
        guard let node = node(path) else { throw EvalIOError(.notFound, path: path) }
        guard case .file(let offset, let size, let isExecutable) = node else {
            throw EvalIOError(.notARegularFile, path: path)
        }
        begin(FileProperties(size: size, isExecutable: isExecutable))
        var start = 0
        while start < size {
            let count = min(size - start, Self.pieceBytes)
            let chunk = try EvalIOError.wrapping(path, "reading from file") { () throws(SystemError) in
                try bytes.read(at: offset + start, count: count)
            }
            guard unsafe chunk.withUnsafeBytes({ unsafe piece($0) }) else { return }
            start += count
        }
    }

    public func readDirectory(_ path: [UInt8]) throws(EvalIOError) -> [DirectoryEntry] {
        guard let node = node(path) else { throw EvalIOError(.notFound, path: path) }
        guard case .directory(let entries) = node else { throw EvalIOError(.notADirectory, path: path) }
        return entries.map { DirectoryEntry(name: $0.name, type: nodes[$0.index].type) }
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
