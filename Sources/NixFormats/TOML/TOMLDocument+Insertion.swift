/// Resolution of headers and dotted keys to tables, by TOML's rules on which tables may be extended.
extension TOMLDocument {
    /// The table of `[path]`, which is created if needed.
    ///
    /// - Parameters:
    ///   - path: the indices of the keys.
    ///   - range: the range of the header.
    ///   - meter: pays for the work and the memory.
    /// - Throws: an error if the table is already defined.
    mutating func openTable(_ path: [UInt32], at range: Range<Int>, _ meter: inout WorkMeter) throws(TOMLError) -> Int {
        let parent = try parentTable(path.dropLast(), at: range, &meter)
        guard let key = path.last else { return 0 }
        guard let known = member(parent, key) else {
            return try add(.table, .header, to: parent, key: key, at: range, &meter)
        }
        guard isTable(known), node(known).origin == .implied else {
            throw TOMLError(
                "toml::insert_value: failed to insert a table, table already defined", (range, "inserting this"),
                (node(known).range, "this table is explicitly defined"))
        }
        setOrigin(known, .header)
        setRange(known, range)
        return known
    }

    /// Appends a table to the array of `[[path]]`, which is created if needed.
    mutating func appendTable(_ path: [UInt32], at range: Range<Int>, _ meter: inout WorkMeter) throws(TOMLError) -> Int
    {
        let parent = try parentTable(path.dropLast(), at: range, &meter)
        guard let key = path.last else { return 0 }
        let known = member(parent, key)
        let array: Int
        if let known {
            array = known
        } else {
            array = try add(.array, .tables, to: parent, key: key, at: range, &meter)
        }
        guard node(array).origin == .tables else {
            if try isArrayOfTables(array, &meter) {
                throw TOMLError(
                    "toml::insert_value: failed to insert a table, inline array of tables is immutable",
                    (range, "while inserting this"), (node(array).range, "this is inline array-of-tables"))
            }
            throw TOMLError(
                "toml::insert_value: failed to insert an array of tables, value already exists",
                (range, "while inserting this"), (node(array).range, "non-table value already exists"))
        }
        return try add(.table, .header, to: array, at: range, &meter)
    }

    private mutating func parentTable(_ path: ArraySlice<UInt32>, at range: Range<Int>, _ meter: inout WorkMeter)
        throws(TOMLError) -> Int
    {
        var table = 0
        for key in path {
            guard let known = member(table, key) else {
                table = try add(.table, .implied, to: table, key: key, at: range, &meter)
                continue
            }
            switch node(known).origin {
            case .tables: table = node(known).last
            case .value: throw try closed(known, range, &meter)
            default: table = known
            }
        }
        return table
    }

    /// The error for an addition to a value that was defined by `=`.
    private func closed(
        _ known: Int, _ range: Range<Int>, _ meter: inout WorkMeter
    ) throws(TOMLError) -> TOMLError {
        let old = node(known).range
        if isTable(known) {
            return TOMLError(
                "toml::insert_value: failed to insert a value: inline table is immutable", (range, "inserting this"),
                (old, "to this table"))
        }
        if try isArrayOfTables(known, &meter) {
            return TOMLError(
                "toml::insert_value:inline array of tables are immutable", (range, "inserting this"),
                (old, "inline array of tables"))
        }
        return TOMLError(
            "toml::insert_value: failed to insert a value, value already exists", (range, "while inserting this"),
            (old, "non-table value already exists"))
    }

    /// The table to which the last part of a dotted key is added.
    private mutating func openDotted(
        _ path: ArraySlice<UInt32>, in table: Int, at range: Range<Int>, _ meter: inout WorkMeter
    ) throws(TOMLError) -> Int {
        var table = table
        for key in path {
            guard let known = member(table, key) else {
                table = try add(.table, .dotted, to: table, key: key, at: range, &meter)
                continue
            }
            switch node(known).origin {
            case .dotted: table = known
            case .value: throw try closed(known, range, &meter)
            case .tables:
                throw TOMLError(
                    "toml::insert_value:dotted key cannot reopen an array-of-tables", (range, "inserting this"),
                    (node(known).range, "to this array-of-tables."))
            case .implied, .header:
                throw TOMLError(
                    "toml::insert_value: reopening a table using dotted keys",
                    (range, "dotted key cannot reopen a table"), (node(known).range, "this table is already closed"))
            }
        }
        return table
    }

    /// Adds a value under the last part of a dotted key.
    ///
    /// - Parameters:
    ///   - content: the value.
    ///   - key: the key.
    ///   - table: the table that the key is relative to.
    ///   - range: the range of the value.
    ///   - meter: pays for the work and the memory.
    mutating func insert(
        _ content: Content, _ key: TOMLKey, in table: Int, at range: Range<Int>, _ meter: inout WorkMeter
    ) throws(TOMLError) -> Int {
        let parent = try openDotted(key.path.dropLast(), in: table, at: key.range, &meter)
        guard let name = key.path.last else { return parent }
        if let known = member(parent, name) {
            throw TOMLError(
                "toml::insert_value: failed to insert a value, value already exists", (key.range, "inserting this"),
                (node(known).range, "but value already exists"))
        }
        return try add(content, .value, to: parent, key: name, at: range, &meter)
    }

    private mutating func add(
        _ content: Content, _ origin: Origin, to parent: Int, key: UInt32 = 0, at range: Range<Int>,
        _ meter: inout WorkMeter
    ) throws(TOMLError) -> Int {
        do throws(WorkStop) {
            return try append(content, origin, to: parent, key: key, at: range, &meter)
        } catch { throw TOMLError(error) }
    }

    private func isArrayOfTables(_ index: Int, _ meter: inout WorkMeter) throws(TOMLError) -> Bool {
        do throws(WorkStop) { return try holdsOnlyTables(index, &meter) } catch { throw TOMLError(error) }
    }
}
