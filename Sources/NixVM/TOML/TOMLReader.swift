/// Reads TOML 1.0 as toml11 does, which Nix uses. Arrays and inline tables nest on an array of their own.
///
///     document = { [ "[" key "]" | "[[" key "]]" | key "=" value ] [ comment ] newline }
///     key      = part { "." part }
///     value    = string | number | date | "true" | "false" | "[" ... "]" | "{" ... "}"
struct TOMLReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var place = 0
    private var document = TOMLDocument()
    /// The table that keys of the current line go to.
    private var table = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var current: UInt8? { place < bytes.count ? bytes[place] : nil }

    func byte(at offset: Int) -> UInt8? { place + offset < bytes.count ? bytes[place + offset] : nil }

    /// The whole text, or an error that shows the line.
    static func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(TOMLError) -> TOMLDocument {
        var reader = TOMLReader(bytes)
        do throws(TOMLError) {
            try reader.checkEncoding()
            while reader.place < bytes.count { try reader.readLine() }
            return reader.document
        } catch {
            throw TOMLError(reader.excerpt(error))
        }
    }

    /// The text must be UTF-8.
    private func checkEncoding() throws(TOMLError) {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw TOMLError("toml: the text is not UTF-8", hint: "in this text")
        }
    }

    private mutating func readLine() throws(TOMLError) {
        skipBlanks()
        if current == UInt8(ascii: "[") {
            try readHeader()
        } else if let byte = current, !isLineEnd(byte), byte != UInt8(ascii: "#") {
            try readPair()
        }
        try endLine()
    }

    private mutating func readHeader() throws(TOMLError) {
        let isArray = byte(at: 1) == UInt8(ascii: "[")
        place += isArray ? 2 : 1
        let path = try readKey()
        for _ in 0..<(isArray ? 2 : 1) {
            guard current == UInt8(ascii: "]") else {
                throw TOMLError("toml::parse_table_key: missing `]`", hint: "should be `]`")
            }
            place += 1
        }
        table = isArray ? try document.appendTable(path) : try document.openTable(path)
    }

    private mutating func readPair() throws(TOMLError) {
        let path = try readKey()
        try readEquals()
        try readValue(path, in: table)
    }

    private mutating func readEquals() throws(TOMLError) {
        guard current == UInt8(ascii: "=") else {
            throw TOMLError("toml::parse_key_value_pair: missing key-value separator `=`", hint: "should be `=`")
        }
        place += 1
        skipBlanks()
    }

    /// The rest of a line: blanks and a comment.
    private mutating func endLine() throws(TOMLError) {
        skipBlanks()
        try skipComment()
        guard place < bytes.count else { return }
        guard skipLineEnd() else {
            throw TOMLError("toml::parse_table: invalid line format", hint: "expected newline")
        }
    }

    // MARK: Values

    /// A list or inline table that is open: its node, and of a table what to do with the next key.
    private struct Open {
        var node: Int
        var isTable: Bool
    }

    /// Reads a value, with all it holds, into a table.
    private mutating func readValue(_ path: [UInt32], in table: Int) throws(TOMLError) {
        var open: [Open] = []
        var path = path
        var table = table
        while true {
            let content = try readContent()
            let node =
                open.last.map { $0.isTable } ?? true
                ? try document.insert(content, path, in: table)
                : document.append(content, .value, to: table)
            switch content {
            case .array: open.append(Open(node: node, isTable: false))
            case .table: open.append(Open(node: node, isTable: true))
            default: break
            }
            var isNew = false
            if case .array = content { isNew = true }
            if case .table = content { isNew = true }
            guard let next = try nextPlace(&open, isNew: isNew) else { return }
            (table, path) = next
        }
    }

    /// Where the next value goes, after closing what ends here; nil when nothing is open any more.
    private mutating func nextPlace(_ open: inout [Open], isNew: Bool) throws(TOMLError) -> (Int, [UInt32])? {
        var isNew = isNew
        while let top = open.last {
            if top.isTable {
                if let path = try nextTableKey(isNew: isNew) { return (top.node, path) }
            } else if try hasNextElement(isNew: isNew) {
                return (top.node, [])
            }
            closeDotted(top.node)
            open.removeLast()
            isNew = false
        }
        return nil
    }

    /// What dotted keys made inside an inline table is closed with it; the node itself already is.
    private mutating func closeDotted(_ node: Int) {
        var work = [document.nodes[node].first]
        while let index = work.popLast() {
            guard index >= 0 else { continue }
            work.append(document.nodes[index].next)
            guard document.nodes[index].origin == .dotted else { continue }
            document.setOrigin(index, .value)
            work.append(document.nodes[index].first)
        }
    }

    private mutating func nextTableKey(isNew: Bool) throws(TOMLError) -> [UInt32]? {
        skipBlanks()
        if current == UInt8(ascii: "}") {
            place += 1
            return nil
        }
        if !isNew {
            guard current == UInt8(ascii: ",") else {
                throw TOMLError("toml::parse_inline_table: missing curly brace `}`", hint: "should be `}`")
            }
            place += 1
            skipBlanks()
            if current == UInt8(ascii: "}") {
                throw TOMLError(
                    "toml::parse_inline_table: trailing comma is not allowed in an inline table", at: place)
            }
        }
        let path = try readKey()
        try readEquals()
        return path
    }

    private mutating func hasNextElement(isNew: Bool) throws(TOMLError) -> Bool {
        try skipLines()
        if current == UInt8(ascii: "]") {
            place += 1
            return false
        }
        if isNew { return true }
        guard current == UInt8(ascii: ",") else {
            throw TOMLError("toml::parse_array: missing array separator `,`", hint: "should be `,` or `]`")
        }
        place += 1
        try skipLines()
        if current == UInt8(ascii: "]") {
            place += 1
            return false
        }
        return true
    }

    private mutating func readContent() throws(TOMLError) -> TOMLDocument.Content {
        switch current {
        case UInt8(ascii: "["):
            place += 1
            return .array
        case UInt8(ascii: "{"):
            place += 1
            return .table
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try readString(allowsLines: true))
        case nil:
            throw TOMLError(
                "toml::parse_key_value_pair: missing value after key-value separator '='",
                hint: "expected value, but got nothing")
        default: return try readScalar()
        }
    }

    // MARK: Keys

    private mutating func readKey() throws(TOMLError) -> [UInt32] {
        var path: [UInt32] = []
        while true {
            skipBlanks()
            path.append(document.number(of: try readKeyPart()))
            skipBlanks()
            guard current == UInt8(ascii: ".") else { return path }
            place += 1
        }
    }

    private mutating func readKeyPart() throws(TOMLError) -> [UInt8] {
        if current == UInt8(ascii: "\"") || current == UInt8(ascii: "'") { return try readString(allowsLines: false) }
        let start = place
        while let byte = current, isBare(byte) { place += 1 }
        if start == place {
            throw TOMLError("toml::parse_key: an invalid key appeared.", hint: "is not a valid key")
        }
        return Array(bytes[start..<place])
    }

    private func isBare(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    // MARK: Space

    mutating func skipBlanks() {
        while current == UInt8(ascii: " ") || current == UInt8(ascii: "\t") { place += 1 }
    }

    private mutating func skipComment() throws(TOMLError) {
        guard current == UInt8(ascii: "#") else { return }
        while let byte = current, !isLineEnd(byte) {
            if isControl(byte) { throw TOMLError("toml::parse_comment: invalid control character in a comment") }
            place += 1
        }
    }

    /// Blanks, comments and line ends, as arrays may hold them.
    private mutating func skipLines() throws(TOMLError) {
        repeat {
            skipBlanks()
            try skipComment()
        } while skipLineEnd()
    }

    mutating func skipLineEnd() -> Bool {
        if current == UInt8(ascii: "\n") {
            place += 1
            return true
        }
        guard current == UInt8(ascii: "\r"), byte(at: 1) == UInt8(ascii: "\n") else { return false }
        place += 2
        return true
    }

    private func isLineEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }

    func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7F }

    // MARK: Errors

    /// The message, the line, and a caret under the place.
    private func excerpt(_ error: TOMLError) -> String {
        let place = min(error.place ?? self.place, bytes.count)
        let start = bytes[..<place].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let end = bytes[place...].firstIndex { isLineEnd($0) } ?? bytes.count
        let number = bytes[..<start].reduce(1) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
        let margin = String(repeating: " ", count: String(number).count + 2)
        let line = String(decoding: bytes[start..<max(start, end)], as: UTF8.self)
        let caret = String(repeating: " ", count: place - start)
        return "[error] \(error.message)\n --> fromTOML\n\(margin)|\n \(number) | \(line)\n"
            + "\(margin)| \(caret)^-- \(error.hint)\n"
    }
}
