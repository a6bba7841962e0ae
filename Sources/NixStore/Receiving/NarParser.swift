/// Parses an archive into the nodes of its tree, whose contents stay where they are. `NarStream` describes the format.
struct NarParser {
    private let bytes: ArchiveBytes
    private var nodes: [NarTree.Node] = []
    /// The directories that have not ended: their nodes, and their entries so far.
    private var open: [(index: Int, entries: [(name: [UInt8], index: Int)])] = []
    /// The position of the next byte, and the bytes that were read from `windowStart` on.
    private var position = 0
    private var window: [UInt8] = []
    private var windowStart = 0

    /// Nodes of a tree. A package set has some hundred thousand.
    private static let maximumNodes = 4_000_000
    /// The longest name of a file that Linux allows, and the longest target of a link.
    private static let nameBytes = 255
    private static let targetBytes = 4095
    private static let windowBytes = 1 << 16

    init(_ bytes: ArchiveBytes) { self.bytes = bytes }

    mutating func parse() throws(MalformedArchive) -> [NarTree.Node] {
        try expect("nix-archive-1")
        try node()
        while let directory = open.last {
            let tag = try text(atMost: 16)
            if tag == Self.close {
                nodes[directory.index] = .directory(directory.entries)
                open.removeLast()
                if !open.isEmpty { try expect(")") }
                continue
            }
            guard tag == Array("entry".utf8) else { throw MalformedArchive("has something else than an entry") }
            try entry(after: directory.entries.last?.name)
        }
        guard position == bytes.count else { throw MalformedArchive("has bytes after its end") }
        return nodes
    }

    private static let close = [UInt8(ascii: ")")]

    private mutating func entry(after last: [UInt8]?) throws(MalformedArchive) {
        try expect("(")
        try expect("name")
        let name = try text(atMost: Self.nameBytes)
        guard !name.isEmpty, !name.contains(0), !name.contains(CanonPath.slash), !CanonPath.isDot(name),
            !CanonPath.isDotDot(name)
        else { throw MalformedArchive("has an entry with a name that no file can have") }
        if let last, !last.lexicographicallyPrecedes(name) {
            throw MalformedArchive("has entries that are not in the order of their names")
        }
        try expect("node")
        open[open.count - 1].entries.append((name, nodes.count))
        if try !node() { try expect(")") }
    }

    /// Reads a node up to its end, or up to the first entry of a directory. Returns whether it is a directory.
    @discardableResult
    private mutating func node() throws(MalformedArchive) -> Bool {
        guard nodes.count < Self.maximumNodes else {
            throw MalformedArchive("has more than \(Self.maximumNodes) files")
        }
        try expect("(")
        try expect("type")
        switch String(decoding: try text(atMost: 16), as: UTF8.self) {
        case "regular":
            try regular()
            return false
        case "symlink":
            try expect("target")
            let target = try text(atMost: Self.targetBytes)
            guard !target.isEmpty, !target.contains(0) else {
                throw MalformedArchive("has a symbolic link to nowhere")
            }
            nodes.append(.link(target))
            try expect(")")
            return false
        case "directory":
            open.append((nodes.count, []))
            nodes.append(.directory([]))
            return true
        default: throw MalformedArchive("has a node of an unknown type")
        }
    }

    private mutating func regular() throws(MalformedArchive) {
        var tag = try text(atMost: 16)
        let isExecutable = tag == Array("executable".utf8)
        if isExecutable {
            try expect("")
            tag = try text(atMost: 16)
        }
        guard tag == Array("contents".utf8) else { throw MalformedArchive("has a file without contents") }
        let size = try number(atMost: bytes.count - position)
        nodes.append(.file(offset: position, size: size, isExecutable: isExecutable))
        position += size
        try padding(size)
        try expect(")")
    }

    private mutating func expect(_ wanted: String) throws(MalformedArchive) {
        guard try text(atMost: 16) == Array(wanted.utf8) else {
            throw MalformedArchive("lacks '\(wanted)' near its byte \(position)")
        }
    }

    private mutating func text(atMost limit: Int) throws(MalformedArchive) -> [UInt8] {
        let count = try number(atMost: limit)
        let text = try take(count)
        try padding(count)
        return text
    }

    private mutating func number(atMost limit: Int) throws(MalformedArchive) -> Int {
        var value: UInt64 = 0
        for (index, byte) in try take(8).enumerated() { value |= UInt64(byte) << UInt64(8 * index) }
        guard value <= UInt64(max(0, limit)) else { throw MalformedArchive("has a length of \(value)") }
        return Int(value)
    }

    private mutating func padding(_ count: Int) throws(MalformedArchive) {
        guard try take((8 - count % 8) % 8).allSatisfy({ $0 == 0 }) else {
            throw MalformedArchive("has padding that is not zero")
        }
    }

    private mutating func take(_ count: Int) throws(MalformedArchive) -> [UInt8] {
        guard count <= bytes.count - position else { throw MalformedArchive("is cut off") }
        if position < windowStart || position + count > windowStart + window.count {
            windowStart = position
            do throws(SystemError) {
                window = try bytes.read(at: position, count: min(max(count, Self.windowBytes), bytes.count - position))
            } catch {
                throw MalformedArchive("cannot be read: \(error.reason)")
            }
        }
        let start = position - windowStart
        position += count
        return Array(window[start..<start + count])
    }
}
