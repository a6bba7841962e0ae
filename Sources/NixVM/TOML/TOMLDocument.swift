/// What a TOML text holds: nodes in one array, linked by index, so that nothing nests natively.
struct TOMLDocument {
    enum Content {
        case boolean(Bool)
        case integer(Int64)
        case float(Double)
        case string([UInt8])
        /// A date, a time or both, as Nix writes it.
        case timestamp([UInt8])
        case array
        case table
    }

    /// How an array or table came about, which decides what may still be added to it.
    enum Origin {
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

    struct Node {
        var content: Content
        var origin: Origin
        /// The name in the table that holds it.
        var key: UInt32 = 0
        /// First and last of what it holds, and the next beside it; -1 for none.
        var first = -1
        var last = -1
        var next = -1
        var count = 0
    }

    private struct Place: Hashable {
        var table: Int
        var key: UInt32
    }

    private(set) var nodes = [Node(content: .table, origin: .header)]
    private var members: [Place: Int] = [:]
    private(set) var keys: [[UInt8]] = []
    private var keyNumbers: [[UInt8]: UInt32] = [:]

    mutating func number(of key: [UInt8]) -> UInt32 {
        if let number = keyNumbers[key] { return number }
        let number = UInt32(truncatingIfNeeded: keys.count)
        keys.append(key)
        keyNumbers[key] = number
        return number
    }

    func member(_ table: Int, _ key: UInt32) -> Int? { members[Place(table: table, key: key)] }

    mutating func append(_ content: Content, _ origin: Origin, to parent: Int, key: UInt32 = 0) -> Int {
        let index = nodes.count
        nodes.append(Node(content: content, origin: origin, key: key))
        if nodes[parent].last < 0 { nodes[parent].first = index } else { nodes[nodes[parent].last].next = index }
        nodes[parent].last = index
        nodes[parent].count += 1
        if case .table = nodes[parent].content { members[Place(table: parent, key: key)] = index }
        return index
    }

    mutating func setOrigin(_ index: Int, _ origin: Origin) { nodes[index].origin = origin }

    func isTable(_ index: Int) -> Bool {
        if case .table = nodes[index].content { return true }
        return false
    }
}

// MARK: - Where headers and keys lead

extension TOMLDocument {
    /// The table that `[path]` names.
    mutating func openTable(_ path: [UInt32]) throws(TOMLError) -> Int {
        let parent = try parentTable(path.dropLast())
        guard let key = path.last else { return 0 }
        guard let known = member(parent, key) else { return append(.table, .header, to: parent, key: key) }
        guard isTable(known), nodes[known].origin == .implied else {
            let kind = nodes[known].origin == .tables ? "array of tables" : isTable(known) ? "table" : "value"
            throw TOMLError("toml::insert_value: \(kind) (\"\(text(key))\") already exists.")
        }
        setOrigin(known, .header)
        return known
    }

    /// A new last element of the array that `[[path]]` names.
    mutating func appendTable(_ path: [UInt32]) throws(TOMLError) -> Int {
        let parent = try parentTable(path.dropLast())
        guard let key = path.last else { return 0 }
        let array = member(parent, key) ?? append(.array, .tables, to: parent, key: key)
        guard nodes[array].origin == .tables else {
            let kind = isTable(array) ? "table" : "value"
            throw TOMLError("toml::insert_value: \(kind) (\"\(text(key))\") already exists.")
        }
        return append(.table, .header, to: array)
    }

    private mutating func parentTable(_ path: ArraySlice<UInt32>) throws(TOMLError) -> Int {
        var table = 0
        for key in path {
            guard let known = member(table, key) else {
                table = append(.table, .implied, to: table, key: key)
                continue
            }
            switch nodes[known].origin {
            case .tables: table = nodes[known].last
            case .value:
                let kind = isTable(known) ? "an inline table, which is closed" : "no table"
                throw TOMLError("toml::insert_value: \"\(text(key))\" is \(kind)")
            default: table = known
            }
        }
        return table
    }

    /// The table into which the last part of a dotted key goes.
    mutating func openDotted(_ path: ArraySlice<UInt32>, in table: Int) throws(TOMLError) -> Int {
        var table = table
        for key in path {
            guard let known = member(table, key) else {
                table = append(.table, .dotted, to: table, key: key)
                continue
            }
            guard isTable(known), nodes[known].origin == .dotted else {
                throw TOMLError("toml::insert_value: value (\"\(text(key))\") already exists.")
            }
            table = known
        }
        return table
    }

    /// Adds a value under the last part of a dotted key.
    mutating func insert(_ content: Content, _ path: [UInt32], in table: Int) throws(TOMLError) -> Int {
        let parent = try openDotted(path.dropLast(), in: table)
        guard let key = path.last else { return parent }
        guard member(parent, key) == nil else {
            throw TOMLError("toml::insert_value: value (\"\(text(key))\") already exists.")
        }
        return append(content, .value, to: parent, key: key)
    }

    private func text(_ key: UInt32) -> String { String(decoding: keys[Int(key)], as: UTF8.self) }
}

/// Why a text is no TOML. The reader adds where.
struct TOMLError: Error {
    var message: String
    /// What stands beside the caret.
    var hint: String
    /// Byte offset, where it is not where the reader is.
    var place: Int?

    init(_ message: String, hint: String = "here", at place: Int? = nil) {
        self.message = message
        self.hint = hint
        self.place = place
    }
}
