/// Why a tree cannot be archived.
public enum ArchiveError: Error, Sendable {
    case io(EvalIOError)
    /// There is a FIFO, socket or device at the path.
    case unsupportedType([UInt8])
    /// The caller's `proceed` returned false.
    case stopped
}

/// Writes trees as Nix archives (NAR), in pieces: no file is ever completely in memory.
///
/// A string is its length in eight bytes, little-endian, its bytes, and zeros up to a multiple of eight. A node is `(`,
/// `type`, and depending on its type
///   `regular`; for an executable file `executable` and an empty string; `contents` and the bytes
///   `symlink`, `target` and the target
///   `directory`; for each entry in the order of names `entry`, `(`, `name`, the name, `node`, the node, `)`
/// and then `)`. An archive is `nix-archive-1` and a node.
public struct NarStream<Sink: NarSink> {
    private enum Work {
        case node([UInt8], FileType)
        case entry(name: [UInt8], path: [UInt8], FileType)
        case close
    }

    private let io: any EvalIO
    private var sink: Sink
    /// Whether the sink has stopped the archive.
    private var isRefused = false
    private var buffer: [UInt8] = []
    private var work: [Work] = []
    /// Whether a file that may be executed is written as one that may not.
    private let omitsExecutable: Bool
    private let accepts: ([UInt8], FileType) -> Bool
    private let proceed: (Int) -> Bool

    /// Writes the archive of the tree at a path.
    ///
    /// - Parameters:
    ///   - path: the root of the tree.
    ///   - sink: receives the archive.
    ///   - io: reads the files.
    ///   - omitsExecutable: whether a file that may be executed is written as one that may not.
    ///   - accepts: whether an entry, given by path and type, is part of the archive; not called for `path` itself.
    ///   - proceed: called with the number of bytes about to be written, of which an entry counts as a few. Returning
    ///     false stops.
    /// - Throws: why the tree cannot be archived.
    public static func write(
        _ path: [UInt8], to sink: inout Sink, io: any EvalIO, omitsExecutable: Bool = false,
        accepts: @escaping ([UInt8], FileType) -> Bool = { _, _ in true }, proceed: @escaping (Int) -> Bool
    ) throws(ArchiveError) {
        var archive = NarStream(io, sink, omitsExecutable: omitsExecutable, accepts, proceed)
        defer { sink = archive.sink }
        let type = try wrappingIO { () throws(EvalIOError) in try io.fileType(path) }
        guard let type else { throw .io(EvalIOError(.notFound, path: path)) }
        archive.text("nix-archive-1")
        archive.work.append(.node(path, type))
        while let next = archive.work.popLast() {
            try archive.write(next)
            if archive.isRefused { throw .stopped }
        }
        archive.flush()
        if archive.isRefused { throw .stopped }
    }

    private init(
        _ io: any EvalIO, _ sink: Sink, omitsExecutable: Bool, _ accepts: @escaping ([UInt8], FileType) -> Bool,
        _ proceed: @escaping (Int) -> Bool
    ) {
        self.io = io
        self.sink = sink
        self.omitsExecutable = omitsExecutable
        self.accepts = accepts
        self.proceed = proceed
        buffer.reserveCapacity(1 << 13)
    }

    private mutating func write(_ item: Work) throws(ArchiveError) {
        switch item {
        case .close: text(")")
        case .entry(let name, let path, let type):
            text("entry")
            text("(")
            text("name")
            text(name)
            text("node")
            work.append(.close)
            work.append(.node(path, type))
        case .node(let path, let type):
            // An approximation of the bytes that an entry takes in the archive, without its contents.
            guard proceed(256) else { throw .stopped }
            text("(")
            text("type")
            try writeNode(path, type)
        }
    }

    private mutating func writeNode(_ path: [UInt8], _ type: FileType) throws(ArchiveError) {
        switch type {
        case .regular:
            text("regular")
            try writeContents(path)
            text(")")
        case .symlink:
            let target = try wrappingIO { () throws(EvalIOError) in try io.readLink(path) }
            begin(.symlink(path, target: target))
            text("symlink")
            text("target")
            text(target)
            text(")")
        case .directory:
            begin(.directory(path))
            text("directory")
            let entries = try wrappingIO { () throws(EvalIOError) in try io.readDirectory(path) }
            work.append(.close)
            let prefix = path == [CanonPath.slash] ? path : path + [CanonPath.slash]
            // The stack is popped from its end.
            for entry in entries.reversed() where accepts(prefix + entry.name, entry.type) {
                work.append(.entry(name: entry.name, path: prefix + entry.name, entry.type))
            }
        case .unknown: throw .unsupportedType(path)
        }
    }

    private mutating func writeContents(_ path: [UInt8]) throws(ArchiveError) {
        var stopped = false
        var size = 0
        do throws(EvalIOError) {
            unsafe try io.streamFile(path) { found in
                var properties = found
                if omitsExecutable { properties.isExecutable = false }
                begin(.regular(path, properties))
                if properties.isExecutable {
                    text("executable")
                    text("")
                }
                text("contents")
                number(properties.size)
                size = properties.size
            } piece: { piece in
                stopped = !proceed(piece.count)
                if !stopped {
                    flush()
                    unsafe send(piece)
                }
                return !stopped && !isRefused
            }
        } catch {
            throw .io(error)
        }
        if stopped { throw .stopped }
        pad(size)
    }

    private mutating func text(_ text: String) { self.text(Array(text.utf8)) }

    private mutating func text(_ text: [UInt8]) {
        number(text.count)
        buffer += text
        pad(text.count)
        if buffer.count >= 1 << 12 { flush() }
    }

    private mutating func number(_ value: Int) {
        for shift in stride(from: 0, to: 64, by: 8) {
            buffer.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    private mutating func pad(_ count: Int) {
        for _ in 0..<((8 - count % 8) % 8) { buffer.append(0) }
    }

    private mutating func flush() {
        if !isRefused, unsafe !buffer.withUnsafeBytes({ unsafe sink.write($0) }) { isRefused = true }
        buffer.removeAll(keepingCapacity: true)
    }

    private mutating func begin(_ node: NarNode) {
        if !isRefused, !sink.begin(node) { isRefused = true }
    }

    /// Sends a piece of a file's contents.
    private mutating func send(_ piece: UnsafeRawBufferPointer) {
        if !isRefused, unsafe !sink.write(piece) || !sink.contents(piece) { isRefused = true }
    }
}

extension NarStream where Sink == HashStream {
    /// Hashes the archive of the tree at a path. The parameters are those of `write`.
    public static func hash(
        _ path: [UInt8], _ algorithm: HashAlgorithm, io: any EvalIO,
        accepts: @escaping ([UInt8], FileType) -> Bool = { _, _ in true }, proceed: @escaping (Int) -> Bool
    ) throws(ArchiveError) -> Hash {
        var hash = HashStream(algorithm)
        try write(path, to: &hash, io: io, accepts: accepts, proceed: proceed)
        return hash.finish()
    }

    /// Hashes the bytes of one regular file. Symbolic links are followed.
    public static func flatHash(
        _ path: [UInt8], _ algorithm: HashAlgorithm, io: any EvalIO, proceed: (Int) -> Bool
    ) throws(ArchiveError) -> Hash {
        var hash = HashStream(algorithm)
        var stopped = false
        try wrappingIO { () throws(EvalIOError) in
            let target = try io.resolveSymlinks(path, .full)
            unsafe try io.streamFile(target, begin: { _ in }) { piece in
                stopped = !proceed(piece.count)
                if !stopped { unsafe hash.update(piece) }
                return !stopped
            }
        }
        if stopped { throw .stopped }
        return hash.finish()
    }
}

private func wrappingIO<Result>(_ body: () throws(EvalIOError) -> Result) throws(ArchiveError) -> Result {
    do throws(EvalIOError) {
        return try body()
    } catch {
        throw .io(error)
    }
}
