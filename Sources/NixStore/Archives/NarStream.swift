/// Why a tree has no archive.
public enum ArchiveError: Error, Sendable {
    case io(EvalIOError)
    /// A FIFO, socket or device lies at this path.
    case unsupportedType([UInt8])
    /// The caller's `proceed` said no.
    case stopped
}

/// Hashes trees as Nix archives, in pieces: no file is ever whole in memory.
///
/// The format: each string as a length of eight bytes, little-endian, its bytes, and zeros up to a multiple of eight.
/// A node is `(`, `type`, and by its type
///   `regular`, for an executable file `executable` and an empty string, `contents`, the bytes
///   `symlink`, `target`, the target
///   `directory`, for each entry in the order of names `entry`, `(`, `name`, the name, `node`, the node, `)`
/// then `)`. An archive is `nix-archive-1` and a node.
public struct NarStream {
    private enum Work {
        case node([UInt8], FileType)
        case entry(name: [UInt8], path: [UInt8], FileType)
        case close
    }

    private let io: any EvalIO
    private var hash: HashStream
    private var buffer: [UInt8] = []
    private var work: [Work] = []
    private let accepts: ([UInt8], FileType) -> Bool
    private let proceed: (Int) -> Bool

    /// The hash of the archive of what lies at a path.
    ///
    /// - Parameters:
    ///   - accepts: whether an entry, by path and type, is part of the archive; not asked for the path itself.
    ///   - proceed: told of bytes about to be hashed, and of entries as a few bytes each; false ends it.
    public static func hash(
        _ path: [UInt8], _ algorithm: HashAlgorithm, io: any EvalIO,
        accepts: @escaping ([UInt8], FileType) -> Bool = { _, _ in true }, proceed: @escaping (Int) -> Bool
    ) throws(ArchiveError) -> Hash {
        var archive = NarStream(io, algorithm, accepts, proceed)
        let type = try wrapping { () throws(EvalIOError) in try io.fileType(path) }
        guard let type else { throw .io(EvalIOError(.notFound, path: path)) }
        archive.text("nix-archive-1")
        archive.work.append(.node(path, type))
        while let next = archive.work.popLast() { try archive.write(next) }
        archive.flush()
        return archive.hash.finish()
    }

    /// The hash of the bytes of one regular file; links are followed.
    public static func flatHash(
        _ path: [UInt8], _ algorithm: HashAlgorithm, io: any EvalIO, proceed: (Int) -> Bool
    ) throws(ArchiveError) -> Hash {
        var hash = HashStream(algorithm)
        var stopped = false
        try wrapping { () throws(EvalIOError) in
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

    private init(
        _ io: any EvalIO, _ algorithm: HashAlgorithm, _ accepts: @escaping ([UInt8], FileType) -> Bool,
        _ proceed: @escaping (Int) -> Bool
    ) {
        self.io = io
        hash = HashStream(algorithm)
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
            // What an entry takes in the archive without its contents, about.
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
            text("symlink")
            text("target")
            text(try Self.wrapping { () throws(EvalIOError) in try io.readLink(path) })
            text(")")
        case .directory:
            text("directory")
            let entries = try Self.wrapping { () throws(EvalIOError) in try io.readDirectory(path) }
            work.append(.close)
            let prefix = path == [CanonPath.slash] ? path : path + [CanonPath.slash]
            // The last pushed comes first.
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
            unsafe try io.streamFile(path) { facts in
                if facts.isExecutable {
                    text("executable")
                    text("")
                }
                text("contents")
                number(facts.size)
                size = facts.size
            } piece: { piece in
                stopped = !proceed(piece.count)
                if !stopped {
                    flush()
                    unsafe hash.update(piece)
                }
                return !stopped
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
        hash.update(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    private static func wrapping<Result>(
        _ body: () throws(EvalIOError) -> Result
    ) throws(ArchiveError) -> Result {
        do throws(EvalIOError) {
            return try body()
        } catch {
            throw .io(error)
        }
    }
}
