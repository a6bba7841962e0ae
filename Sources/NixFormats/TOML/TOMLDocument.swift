/// What a TOML text holds: nodes in one buffer, linked by index, so that nothing nests natively.
package struct TOMLDocument: ~Copyable {
    /// What a node is, and where its value lies. Strings lie one after another in one buffer.
    enum Content {
        case boolean(Bool)
        case integer(Int64)
        case float(Double)
        case string(Range<Int>)
        /// A date, a time or both, as Nix writes it.
        case timestamp(Range<Int>)
        case array
        case table
    }

    /// A node's value. Its bytes are only valid while the document is.
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

    /// How an array or table came about, which decides what may still be added to it.
    enum Origin: UInt8, BitwiseCopyable {
        /// By `=`: nothing is added later.
        case value
        /// As a part of the name of a `[header]`, before one of its own.
        case implied
        /// By a `[header]`.
        case header
        /// By a dotted key.
        case dotted
        /// By a `[[header]]`.
        case tables
    }

    struct Node: BitwiseCopyable {
        fileprivate var kind: Kind
        var origin: Origin
        /// The number of its name in the table that holds it.
        var key: UInt32
        /// The table or array that holds it; -1 for the document.
        var parent: Int
        /// A number's bits, or where its text begins.
        fileprivate var payload: UInt64 = 0
        /// Length of its text.
        fileprivate var length = 0
        /// First and last of what it holds, and the next beside it; -1 for none.
        var first = -1
        var last = -1
        var next = -1
        var count = 0
        /// Where it stands; of what a key or header implies, that.
        var start: Int
        var end: Int

        var range: Range<Int> { start..<max(start, end) }
    }

    /// The bytes of strings and keys.
    private var text = Buffer<UInt8>()
    private var nodes = Buffer<Node>()
    private var keys = TOMLKeys()
    private var members = TOMLMembers()
    /// Members of the largest table.
    package private(set) var largestTable = 0

    /// Units for a node with its place among the members of its table.
    private static let nodeUnits = 4

    /// Makes the first node.
    mutating func begin(_ meter: inout WorkMeter) throws(WorkStop) {
        try nodes.append(Node(kind: .table, origin: .header, key: 0, parent: -1, start: 0, end: 0), &meter)
    }

    /// Nodes, of which the first is the document itself.
    package var nodeCount: Int { nodes.count }
    package var keyCount: Int { keys.count }
    /// A key by its number. Only valid while the document is.
    package func key(_ number: Int) -> ByteView { text.bytes[keys.range(number)] }
    /// The number of a node's key.
    package func keyNumber(of index: Int) -> Int { Int(nodes[index].key) }
    /// The first of what a node holds, and the next beside one; -1 for none.
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

    /// Where the next text begins.
    var textEnd: Int { text.count }

    mutating func append(_ byte: UInt8, _ meter: inout WorkMeter) throws(WorkStop) { try text.append(byte, &meter) }

    mutating func append(_ bytes: ByteView, _ meter: inout WorkMeter) throws(WorkStop) {
        try text.append(bytes, &meter)
    }

    /// The number of a key; its bytes are copied when it is new.
    mutating func number(of key: ByteView, _ meter: inout WorkMeter) throws(WorkStop) -> UInt32 {
        let (known, hash) = try keys.find(key, text.bytes, &meter)
        if let known { return known }
        let start = text.count
        try text.append(key, &meter)
        return try keys.add(start..<text.count, hash, &meter)
    }

    /// The number of a key whose bytes are the last of the text, from `start` on; they stay only if it is new.
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

    /// Whether it is an array of tables, however it came about.
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

// MARK: - Why a document has no value

extension TOMLDocument {
    /// Why a text that is TOML has no value in Nix; nil when it has one.
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
        var place = 0
        while true {
            let end = min(bytes.count, place + (32 << 10))
            try meter.charge(1 + (end - place) / 64)
            if bytes[place..<end].first(0, from: 0) < end - place { break }
            if end == bytes.count { return nil }
            place = end
        }
        let shown = String(decoding: bytes.excerpt, as: UTF8.self).map { $0 == "\0" ? "␀" : String($0) }.joined()
        return "error: input string '\(shown)' cannot be represented as Nix string because it contains null bytes"
    }
}

/// A key: the numbers of its parts, and where it stands.
struct TOMLKey {
    var path: [UInt32] = []
    var range = 0..<0
}
