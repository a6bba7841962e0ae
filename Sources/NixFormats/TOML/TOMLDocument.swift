/// What a TOML text holds: nodes in one array, linked by index, so that nothing nests natively.
package struct TOMLDocument {
    package enum Content {
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

    package struct Node {
        package var content: Content
        var origin: Origin
        /// The name in the table that holds it.
        package var key: UInt32 = 0
        /// First and last of what it holds, and the next beside it; -1 for none.
        package var first = -1
        var last = -1
        package var next = -1
        package var count = 0
        /// Where it stands; of what a key or header implies, that.
        var range: Range<Int>
    }

    private struct Place: Hashable {
        var table: Int
        var key: UInt32
    }

    package private(set) var nodes = [Node(content: .table, origin: .header, range: 0..<0)]
    private var members: [Place: Int] = [:]
    package private(set) var keys: [[UInt8]] = []
    private var keyNumbers: [[UInt8]: UInt32] = [:]

    mutating func number(of key: [UInt8]) -> UInt32 {
        if let number = keyNumbers[key] { return number }
        let number = UInt32(truncatingIfNeeded: keys.count)
        keys.append(key)
        keyNumbers[key] = number
        return number
    }

    func member(_ table: Int, _ key: UInt32) -> Int? { members[Place(table: table, key: key)] }

    mutating func append(
        _ content: Content, _ origin: Origin, to parent: Int, key: UInt32 = 0, at range: Range<Int>
    ) -> Int {
        let index = nodes.count
        nodes.append(Node(content: content, origin: origin, key: key, range: range))
        if nodes[parent].last < 0 { nodes[parent].first = index } else { nodes[nodes[parent].last].next = index }
        nodes[parent].last = index
        nodes[parent].count += 1
        if case .table = nodes[parent].content { members[Place(table: parent, key: key)] = index }
        return index
    }

    mutating func setOrigin(_ index: Int, _ origin: Origin) { nodes[index].origin = origin }

    mutating func setEnd(_ index: Int, _ end: Int) { nodes[index].range = nodes[index].range.lowerBound..<end }

    func isTable(_ index: Int) -> Bool {
        if case .table = nodes[index].content { return true }
        return false
    }
}

// MARK: - Where headers and keys lead

extension TOMLDocument {
    /// The table that `[path]` names.
    ///
    /// - Parameter range: the header.
    mutating func openTable(_ path: [UInt32], at range: Range<Int>) throws(TOMLError) -> Int {
        let parent = try parentTable(path.dropLast(), at: range)
        guard let key = path.last else { return 0 }
        guard let known = member(parent, key) else {
            return append(.table, .header, to: parent, key: key, at: range)
        }
        guard isTable(known), nodes[known].origin == .implied else {
            throw TOMLError(
                "toml::insert_value: failed to insert a table, table already defined", (range, "inserting this"),
                (nodes[known].range, "this table is explicitly defined"))
        }
        setOrigin(known, .header)
        nodes[known].range = range
        return known
    }

    /// A new last element of the array that `[[path]]` names.
    mutating func appendTable(_ path: [UInt32], at range: Range<Int>) throws(TOMLError) -> Int {
        let parent = try parentTable(path.dropLast(), at: range)
        guard let key = path.last else { return 0 }
        let array = member(parent, key) ?? append(.array, .tables, to: parent, key: key, at: range)
        guard nodes[array].origin == .tables else {
            if holdsOnlyTables(array) {
                throw TOMLError(
                    "toml::insert_value: failed to insert a table, inline array of tables is immutable",
                    (range, "while inserting this"), (nodes[array].range, "this is inline array-of-tables"))
            }
            throw TOMLError(
                "toml::insert_value: failed to insert an array of tables, value already exists",
                (range, "while inserting this"), (nodes[array].range, "non-table value already exists"))
        }
        return append(.table, .header, to: array, at: range)
    }

    private mutating func parentTable(_ path: ArraySlice<UInt32>, at range: Range<Int>) throws(TOMLError) -> Int {
        var table = 0
        for key in path {
            guard let known = member(table, key) else {
                table = append(.table, .implied, to: table, key: key, at: range)
                continue
            }
            switch nodes[known].origin {
            case .tables: table = nodes[known].last
            case .value: throw closed(known, range)
            default: table = known
            }
        }
        return table
    }

    /// Why nothing can be put into what `=` made.
    private func closed(_ known: Int, _ range: Range<Int>) -> TOMLError {
        let old = nodes[known].range
        if isTable(known) {
            return TOMLError(
                "toml::insert_value: failed to insert a value: inline table is immutable", (range, "inserting this"),
                (old, "to this table"))
        }
        if holdsOnlyTables(known) {
            return TOMLError(
                "toml::insert_value:inline array of tables are immutable", (range, "inserting this"),
                (old, "inline array of tables"))
        }
        return TOMLError(
            "toml::insert_value: failed to insert a value, value already exists", (range, "while inserting this"),
            (old, "non-table value already exists"))
    }

    /// Whether it is an array of tables, however it came about.
    private func holdsOnlyTables(_ index: Int) -> Bool {
        guard case .array = nodes[index].content, nodes[index].count > 0 else { return false }
        var element = nodes[index].first
        while element >= 0 {
            if !isTable(element) { return false }
            element = nodes[element].next
        }
        return true
    }

    /// The table into which the last part of a dotted key goes.
    private mutating func openDotted(
        _ path: ArraySlice<UInt32>, in table: Int, at range: Range<Int>
    ) throws(TOMLError) -> Int {
        var table = table
        for key in path {
            guard let known = member(table, key) else {
                table = append(.table, .dotted, to: table, key: key, at: range)
                continue
            }
            switch nodes[known].origin {
            case .dotted: table = known
            case .value: throw closed(known, range)
            case .tables:
                throw TOMLError(
                    "toml::insert_value:dotted key cannot reopen an array-of-tables", (range, "inserting this"),
                    (nodes[known].range, "to this array-of-tables."))
            case .implied, .header:
                throw TOMLError(
                    "toml::insert_value: reopening a table using dotted keys",
                    (range, "dotted key cannot reopen a table"), (nodes[known].range, "this table is already closed"))
            }
        }
        return table
    }

    /// Adds a value under the last part of a dotted key.
    ///
    /// - Parameter range: the value.
    mutating func insert(
        _ content: Content, _ key: TOMLKey, in table: Int, at range: Range<Int>
    ) throws(TOMLError) -> Int {
        let parent = try openDotted(key.path.dropLast(), in: table, at: key.range)
        guard let name = key.path.last else { return parent }
        if let known = member(parent, name) {
            throw TOMLError(
                "toml::insert_value: failed to insert a value, value already exists", (key.range, "inserting this"),
                (nodes[known].range, "but value already exists"))
        }
        return append(content, .value, to: parent, key: name, at: range)
    }
}

/// A key: the numbers of its parts, and where it stands.
struct TOMLKey {
    var path: [UInt32] = []
    var range = 0..<0
}
