/// Reads a tar archive in pieces into a tree: the old format, ustar, pax, and GNU's long names.
///
/// Archives are not trusted. Nothing is written outside of the tree: names are taken as relative, and names with `..`,
/// sparse files, devices and FIFOs are rejected.
struct TarReader {
    private(set) var tree = MemoryTree()
    /// The latest modification time of any entry, in seconds since 1970.
    private(set) var lastModified: Int64 = 0

    private enum State {
        case header
        /// The contents of an entry that is stored: the bytes still to come, and the padding behind them.
        case data(Entry, left: Int, padding: Int)
        case padding(Int)
        case done
    }

    /// An entry whose contents are being read.
    private struct Entry {
        var name: [UInt8]
        var linkName: [UInt8]
        var kind: UInt8
        var isExecutable: Bool
    }

    private var state = State.header
    /// Whether a header was read.
    private var hasHeader = false
    private var block: [UInt8] = []
    private var contents: [UInt8] = []
    /// The records of extended headers, which apply to the next entry.
    private var next = PaxRecords()
    private let proceed: (Int) -> Bool

    /// The largest extended header or long name in bytes.
    private static let maximumRecordSize = 1 << 20
    private static let maximumPathLength = 1 << 14

    /// The types of headers that describe the next entry or all entries; old Solaris wrote `X` for `x`.
    private static let recordKinds = Array("xXgLK".utf8)

    /// - Parameter proceed: called with the number of bytes about to be stored; returning false stops.
    init(proceed: @escaping (Int) -> Bool) { self.proceed = proceed }

    /// Whether the end of the archive was read. Further bytes are ignored.
    var isDone: Bool { if case .done = state { true } else { false } }

    mutating func feed(_ piece: UnsafeRawBufferPointer) throws(UnpackError) {
        var offset = 0
        while offset < piece.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: piece[offset...])
            switch state {
            case .done: return
            case .header: offset += try unsafe readHeader(rest)
            case .data(let entry, let left, let padding):
                let count = min(left, rest.count)
                unsafe contents.append(contentsOf: rest[..<count])
                offset += count
                state = .data(entry, left: left - count, padding: padding)
                if left == count { try finishData(entry, padding) }
            case .padding(let left):
                let count = min(left, rest.count)
                offset += count
                state = left == count ? .header : .padding(left - count)
            }
        }
    }

    /// Ends the input, and checks that the archive is complete.
    mutating func finish() throws(UnpackError) {
        switch state {
        case .done: return
        case .header where !hasHeader: throw .malformed("is not a tar archive")
        // Some programs omit the blocks at the end.
        case .header where block.isEmpty: return
        case .header, .data, .padding: throw .malformed("is cut off")
        }
    }

    private mutating func readHeader(_ rest: UnsafeRawBufferPointer) throws(UnpackError) -> Int {
        let count = min(TarHeader.size - block.count, rest.count)
        unsafe block.append(contentsOf: rest[..<count])
        if block.count < TarHeader.size { return count }
        let header = try TarHeader(block)
        block.removeAll(keepingCapacity: true)
        hasHeader = true
        guard let header else {
            state = .done
            return count
        }
        try begin(header)
        return count
    }

    private mutating func begin(_ header: TarHeader) throws(UnpackError) {
        let isRecord = Self.recordKinds.contains(header.kind)
        // Links, devices and directories have no data, whatever size their headers give.
        let hasData = !(UInt8(ascii: "2")...UInt8(ascii: "6")).contains(header.kind)
        let size = isRecord ? header.dataSize : hasData ? next.size ?? header.dataSize : 0
        if isRecord, size > Self.maximumRecordSize { throw .malformed("has an extended header that is too large") }
        let entry = Entry(
            name: isRecord ? [] : next.name ?? header.name, linkName: next.linkName ?? header.linkName,
            kind: header.kind, isExecutable: header.isExecutable)
        if !isRecord {
            lastModified = max(lastModified, next.modificationTime ?? header.modificationTime)
            if next.isSparse || header.kind == UInt8(ascii: "S") {
                throw .malformed("has a sparse file '", entry.name, "', which this evaluator does not read")
            }
            next = PaxRecords()
        }
        contents = []
        guard proceed(512 + size) else { throw .stopped }
        let padding = (TarHeader.size - size % TarHeader.size) % TarHeader.size
        state = .data(entry, left: size, padding: padding)
        if size == 0 { try finishData(entry, 0) }
    }

    private mutating func finishData(_ entry: Entry, _ padding: Int) throws(UnpackError) {
        state = padding == 0 ? .header : .padding(padding)
        let bytes = contents
        contents = []
        switch entry.kind {
        case UInt8(ascii: "x"), UInt8(ascii: "X"): try next.read(bytes)
        // A global header, which contains only comments in practice.
        case UInt8(ascii: "g"): break
        case UInt8(ascii: "L"): next.name = Array(bytes.prefix { $0 != 0 })
        case UInt8(ascii: "K"): next.linkName = Array(bytes.prefix { $0 != 0 })
        // The label of a volume.
        case UInt8(ascii: "V"): break
        default: try put(entry, bytes)
        }
    }

    private mutating func put(_ entry: Entry, _ bytes: [UInt8]) throws(UnpackError) {
        let path = try Self.components(entry.name)
        do throws(MemoryTree.Conflict) {
            switch entry.kind {
            case UInt8(ascii: "5"): try tree.putDirectory(path)
            case UInt8(ascii: "3"), UInt8(ascii: "4"), UInt8(ascii: "6"): throw .unsupported
            case UInt8(ascii: "1"):
                guard let target = try? Self.components(entry.linkName) else { throw .missingTarget }
                try tree.putCopy(path, of: target)
            case UInt8(ascii: "2"): try tree.putLink(path, entry.linkName)
            // In the old format, a directory is a file whose name ends in a slash.
            case _ where entry.name.last == CanonPath.slash: try tree.putDirectory(path)
            // POSIX treats entries of unknown types as files.
            default: try tree.putFile(path, bytes, isExecutable: entry.isExecutable)
            }
        } catch {
            switch error {
            case .notADirectory:
                throw .malformed("has an entry '", entry.name, "' below or in offset of another that does not allow it")
            case .missingTarget:
                throw .malformed("has a hard link '", entry.name, "' to a file that it does not have")
            case .unsupported:
                throw .malformed("has an entry '", entry.name, "' that is neither a file, a link nor a directory")
            }
        }
    }

    /// The components of a name without `.`. Names with `..` are rejected.
    private static func components(_ name: [UInt8]) throws(UnpackError) -> [[UInt8]] {
        if name.count > maximumPathLength || name.contains(0) {
            throw .malformed("has an entry whose name is not valid")
        }
        let components = CanonPath.components(name).filter { !CanonPath.isDot($0) }
        if components.contains(where: { CanonPath.isDotDot($0) }) {
            throw .malformed("has an entry '", name, "' whose name leads out of it")
        }
        return components
    }
}

/// The relevant records of a pax extended header. A record is `LENGTH KEY=VALUE` and a newline.
private struct PaxRecords {
    var name: [UInt8]?
    var linkName: [UInt8]?
    var size: Int?
    var modificationTime: Int64?
    var isSparse = false

    mutating func read(_ bytes: [UInt8]) throws(UnpackError) {
        var offset = 0
        while offset < bytes.count {
            guard let space = bytes[offset...].firstIndex(of: UInt8(ascii: " ")),
                let length = Int(String(decoding: bytes[offset..<space], as: UTF8.self)),
                length > space - offset + 1, length <= bytes.count - offset,
                bytes[offset + length - 1] == UInt8(ascii: "\n"),
                let equals = bytes[space..<(offset + length)].firstIndex(of: UInt8(ascii: "="))
            else { throw .malformed("has a damaged extended header") }
            let key = String(decoding: bytes[(space + 1)..<equals], as: UTF8.self)
            try set(key, Array(bytes[(equals + 1)..<(offset + length - 1)]))
            offset += length
        }
    }

    private mutating func set(_ key: String, _ value: [UInt8]) throws(UnpackError) {
        switch key {
        case "path": name = value
        case "linkpath": linkName = value
        case "size":
            guard let number = Int(String(decoding: value, as: UTF8.self)), number >= 0, number < 1 << 50 else {
                throw .malformed("has a damaged extended header")
            }
            size = number
        case "mtime":
            // The fraction is ignored.
            let whole = value.prefix { $0 != UInt8(ascii: ".") }
            modificationTime = Int64(String(decoding: whole, as: UTF8.self))
        default: if key.hasPrefix("GNU.sparse.") { isSparse = true }
        }
    }
}
