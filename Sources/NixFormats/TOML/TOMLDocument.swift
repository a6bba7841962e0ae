/// A parsed TOML text: nodes in one buffer that are linked by index, so that nesting takes no native stack.
package struct TOMLDocument: ~Copyable {
    /// The content of a node. Strings are ranges in the document's text buffer.
    enum Content {
        case boolean(Bool)
        case integer(Int64)
        case float(Double)
        case string(Range<Int>)
        /// A date, a time or both, in Nix's notation.
        case timestamp(Range<Int>)
        case array
        case table
    }

    /// A node's value. Its bytes are valid while the document exists.
    package enum Value {
        case boolean(Bool)
        case integer(Int64)
        case float(Double)
        case string(ByteView)
        case timestamp(ByteView)
        case array(count: Int)
        case table(count: Int)
    }

    fileprivate enum Kind: UInt8, BitwiseCopyable {
        case boolean, integer, float, string, timestamp, array, table
    }

    /// How an array or table was defined, which determines what may be added to it later.
    enum Origin: UInt8, BitwiseCopyable {
        /// Defined by `=`: nothing can be added.
        case value
        /// Implied by a `[header]` of a nested table, and not yet defined by its own.
        case implied
        /// Defined by a `[header]`.
        case header
        /// Defined by a dotted key.
        case dotted
        /// An array defined by `[[header]]`s.
        case tables
    }

    struct Node: BitwiseCopyable {
        fileprivate var kind: Kind
        var origin: Origin
        /// The index of its key in the table that contains it.
        var key: UInt32
        /// The index of the containing table or array; -1 for the document.
        var parent: Int
        /// The bits of a number, or the start of a text.
        fileprivate var payload: UInt64 = 0
        /// The length of a text.
        fileprivate var length = 0
        /// The first and last member, and the next sibling; -1 if there is none.
        var first = -1
        var last = -1
        var next = -1
        var count = 0
        /// The range in the source. An implied table has that of its key or header.
        var start: Int
        var end: Int

        var range: Range<Int> { start..<max(start, end) }
    }

    /// The bytes of strings and keys.
    private var text = Buffer<UInt8>()
    private var nodes = Buffer<Node>()
    private var keys = TOMLKeys()
    private var members = TOMLMembers()
    /// The number of members of the largest table.
    package private(set) var largestTable = 0

    /// Units of fuel for adding a node.
    private static let nodeUnits = 4

    /// Adds the root node.
    mutating func begin(_ meter: inout WorkMeter) throws(WorkStop) {
        try nodes.append(Node(kind: .table, origin: .header, key: 0, parent: -1, start: 0, end: 0), &meter)
    }

    /// The number of nodes. The first is the document itself.
    package var nodeCount: Int { nodes.count }
    package var keyCount: Int { keys.count }
    /// The bytes of a key, which are valid while the document exists.
    package func key(_ number: Int) -> ByteView { text.bytes[keys.range(number)] }
    /// The index of a node's key.
    package func keyNumber(of index: Int) -> Int { Int(nodes[index].key) }
    /// The first member of a node, or the next sibling; -1 if there is none.
    package func firstMember(of index: Int) -> Int { nodes[index].first }
    package func next(after index: Int) -> Int { nodes[index].next }

    package func value(_ index: Int) -> Value {
        let node = nodes[index]
        switch node.kind {
        case .boolean: return .boolean(node.payload != 0)
        case .integer: return .integer(Int64(bitPattern: node.payload))
        case .float: return .float(Double(bitPattern: node.payload))
        case .string: return .string(textView(node))
        case .timestamp: return .timestamp(textView(node))
        case .array: return .array(count: node.count)
        case .table: return .table(count: node.count)
        }
    }

    private func textView(_ node: Node) -> ByteView {
        let start = Int(truncatingIfNeeded: node.payload)
        return text.bytes[start..<start + node.length]
    }

    func node(_ index: Int) -> Node { nodes[index] }

    // MARK: Text

    /// The index at which the next text begins.
    var textEnd: Int { text.count }

    mutating func append(_ byte: UInt8, _ meter: inout WorkMeter) throws(WorkStop) { try text.append(byte, &meter) }

    mutating func append(_ bytes: ByteView, _ meter: inout WorkMeter) throws(WorkStop) {
        try text.append(bytes, &meter)
    }

    /// The index of a key, whose bytes are copied if it is new.
    mutating func number(of key: ByteView, _ meter: inout WorkMeter) throws(WorkStop) -> UInt32 {
        let (known, hash) = try keys.find(key, text.bytes, &meter)
        if let known { return known }
        let start = text.count
        try text.append(key, &meter)
        return try keys.add(start..<text.count, hash, &meter)
    }

    /// The index of the key at the end of the text buffer, from `start` on. Its bytes are removed unless it is new.
    mutating func numberOfLast(from start: Int, _ meter: inout WorkMeter) throws(WorkStop) -> UInt32 {
        let (known, hash) = try keys.find(text.bytes[start..<text.count], text.bytes, &meter)
        guard let known else { return try keys.add(start..<text.count, hash, &meter) }
        text.truncate(to: start)
        return known
    }

    // MARK: Nodes

    func member(_ table: Int, _ key: UInt32) -> Int? { members.find(table, key, nodes.view) }

    mutating func append(
        _ content: Content, _ origin: Origin, to parent: Int, key: UInt32 = 0, at range: Range<Int>,
        _ meter: inout WorkMeter
    ) throws(WorkStop) -> Int {
        try meter.charge(TOMLDocument.nodeUnits)
        let index = nodes.count
        var node = Node(
            kind: content.kind, origin: origin, key: key, parent: parent, start: range.lowerBound,
            end: range.upperBound)
        switch content {
        case .boolean(let value): node.payload = value ? 1 : 0
        case .integer(let value): node.payload = UInt64(bitPattern: value)
        case .float(let value): node.payload = value.bitPattern
        case .string(let range), .timestamp(let range):
            node.payload = UInt64(range.lowerBound)
            node.length = range.count
        case .array, .table: break
        }
        try nodes.append(node, &meter)
        var holder = nodes[parent]
        if holder.last < 0 { holder.first = index } else { nodes[holder.last].next = index }
        holder.last = index
        holder.count += 1
        nodes[parent] = holder
        if holder.kind == .table {
            largestTable = max(largestTable, holder.count)
            try members.add(index, nodes.view, &meter)
        }
        return index
    }

    mutating func setOrigin(_ index: Int, _ origin: Origin) { nodes[index].origin = origin }

    mutating func setEnd(_ index: Int, _ end: Int) { nodes[index].end = end }

    mutating func setRange(_ index: Int, _ range: Range<Int>) {
        nodes[index].start = range.lowerBound
        nodes[index].end = range.upperBound
    }

    func isTable(_ index: Int) -> Bool { nodes[index].kind == .table }

    /// Whether a node is an array that only contains tables, however it was defined.
    func holdsOnlyTables(_ index: Int, _ meter: inout WorkMeter) throws(WorkStop) -> Bool {
        guard nodes[index].kind == .array, nodes[index].count > 0 else { return false }
        var element = nodes[index].first
        while element >= 0 {
            try meter.charge(1)
            if !isTable(element) { return false }
            element = nodes[element].next
        }
        return true
    }
}

extension TOMLDocument.Content {
    fileprivate var kind: TOMLDocument.Kind {
        switch self {
        case .boolean: .boolean
        case .integer: .integer
        case .float: .float
        case .string: .string
        case .timestamp: .timestamp
        case .array: .array
        case .table: .table
        }
    }
}

// MARK: - Values that Nix cannot represent

extension TOMLDocument {
    /// The message if a valid TOML text has no value in Nix; nil if it has one.
    package func refusal(
        allowsTimestamps: Bool, _ meter: inout WorkMeter
    ) throws(WorkStop) -> String? {
        for number in 0..<keys.count {
            if let message = try nullByteMessage(key(number), &meter) { return message }
        }
        for index in 0..<nodes.count {
            switch value(index) {
            case .timestamp where !allowsTimestamps: return "Dates and times are not supported"
            case .string(let bytes): if let message = try nullByteMessage(bytes, &meter) { return message }
            default: try meter.charge(1)
            }
        }
        return nil
    }

    private func nullByteMessage(_ bytes: ByteView, _ meter: inout WorkMeter) throws(WorkStop) -> String? {
        var position = 0
        while true {
            let end = min(bytes.count, position + (32 << 10))
            try meter.charge(1 + (end - position) / 64)
            if bytes[position..<end].first(0, from: 0) < end - position { break }
            if end == bytes.count { return nil }
            position = end
        }
        let shown = String(decoding: bytes.excerpt, as: UTF8.self).map { $0 == "\0" ? "␀" : String($0) }.joined()
        return "error: input string '\(shown)' cannot be represented as Nix string because it contains null bytes"
    }
}

/// A dotted key: the indices of its parts, and its range.
struct TOMLKey {
    var path: [UInt32] = []
    var range = 0..<0
}
