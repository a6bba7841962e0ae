/// Reads TOML 1.0 as toml11 does, which Nix uses. Arrays and inline tables nest on an array of their own.
///
///     document = { [ "[" key "]" | "[[" key "]]" | key "=" value ] [ comment ] newline }
///     key      = part { "." part }
///     value    = string | number | date | "true" | "false" | "[" ... "]" | "{" ... "}"
package struct TOMLReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var place = 0
    private var document = TOMLDocument()
    /// The table that keys of the current line go to.
    private var table = 0
    /// Whether the line that is being read is a header.
    private var isAfterHeader = false

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    var current: UInt8? { place < bytes.count ? bytes[place] : nil }

    func byte(at offset: Int) -> UInt8? { place + offset < bytes.count ? bytes[place + offset] : nil }

    /// The whole text, or an error that shows the line.
    package static func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(TOMLError) -> TOMLDocument {
        var reader = TOMLReader(bytes)
        do throws(TOMLError) {
            try reader.checkEncoding()
            while reader.place < bytes.count { try reader.readLine() }
            return reader.document
        } catch {
            throw TOMLError(TOMLExcerpt(bytes: bytes).text(error, place: reader.place))
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
        let start = place
        let isArray = byte(at: 1) == UInt8(ascii: "[")
        let message = "toml::parse_file: invalid \(isArray ? "array-table" : "table") key"
        place += isArray ? 2 : 1
        let path: [UInt32]
        do throws(TOMLError) {
            path = try readKey().path
        } catch {
            throw TOMLError(message, hint: error.marks.first?.hint ?? "here", at: error.marks.first?.range?.lowerBound)
        }
        guard current == UInt8(ascii: "]"), !isArray || byte(at: 1) == UInt8(ascii: "]") else {
            throw TOMLError(message, hint: "expected \(isArray ? "]]" : "]")")
        }
        place += isArray ? 2 : 1
        let range = start..<place
        table = isArray ? try document.appendTable(path, at: range) : try document.openTable(path, at: range)
        isAfterHeader = true
    }

    private mutating func readPair() throws(TOMLError) {
        let key = try readKey()
        try readEquals()
        try readValue(key, in: table)
        isAfterHeader = false
    }

    private mutating func readEquals() throws(TOMLError) {
        guard current == UInt8(ascii: "=") else {
            throw TOMLError("toml::parse_key_value_pair: invalid key value separator `=`", hint: "expected =")
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
            if isAfterHeader {
                throw TOMLError(
                    "toml::parse_file: newline (or EOF) expected", hint: "expected 0x0a(LINE FEED) or \r\n")
            }
            throw TOMLError("toml::parse_table: newline (LF / CRLF) or EOF is expected")
        }
    }

    // MARK: Values

    /// A list or inline table that is open: its node, and of a table what to do with the next key.
    private struct Open {
        var node: Int
        var isTable: Bool
    }

    /// Reads a value, with all it holds, into a table.
    private mutating func readValue(_ key: TOMLKey, in table: Int) throws(TOMLError) {
        var open: [Open] = []
        var key = key
        var table = table
        while true {
            let start = place
            let content = try readContent()
            let node =
                open.last.map { $0.isTable } ?? true
                ? try document.insert(content, key, in: table, at: start..<place)
                : document.append(content, .value, to: table, at: start..<place)
            switch content {
            case .array: open.append(Open(node: node, isTable: false))
            case .table: open.append(Open(node: node, isTable: true))
            default: break
            }
            var isNew = false
            if case .array = content { isNew = true }
            if case .table = content { isNew = true }
            guard let next = try nextPlace(&open, isNew: isNew) else { return }
            (table, key) = next
        }
    }

    /// Where the next value goes, after closing what ends here; nil when nothing is open any more.
    private mutating func nextPlace(_ open: inout [Open], isNew: Bool) throws(TOMLError) -> (Int, TOMLKey)? {
        var isNew = isNew
        while let top = open.last {
            if top.isTable {
                if let key = try nextTableKey(isNew: isNew) { return (top.node, key) }
            } else if try hasNextElement(isNew: isNew) {
                return (top.node, TOMLKey())
            }
            document.setEnd(top.node, place)
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

    private mutating func nextTableKey(isNew: Bool) throws(TOMLError) -> TOMLKey? {
        skipBlanks()
        if current == UInt8(ascii: "}") {
            place += 1
            return nil
        }
        if !isNew {
            guard current == UInt8(ascii: ",") else {
                if current == nil { throw unclosed("toml::parse_inline_table", "}", "line end") }
                throw TOMLError("toml::parse_inline_table: expected value-separator `,` or closing `}`")
            }
            place += 1
            skipBlanks()
            if current == UInt8(ascii: "}") {
                throw TOMLError(
                    "toml::parse_inline_table: trailing comma is not allowed in TOML-v1.0.0)", at: place)
            }
        }
        if current == nil { throw unclosed("toml::parse_inline_table", "}", "line end") }
        let key = try readKey()
        try readEquals()
        return key
    }

    private mutating func hasNextElement(isNew: Bool) throws(TOMLError) -> Bool {
        try skipLines()
        if current == UInt8(ascii: "]") {
            place += 1
            return false
        }
        if current == nil { throw unclosed("toml::parse_array", "]", "EOF") }
        if isNew { return true }
        guard current == UInt8(ascii: ",") else {
            throw TOMLError("toml::parse_array: expected value-separator `,` or closing `]`")
        }
        place += 1
        try skipLines()
        if current == nil { throw unclosed("toml::parse_array", "]", "EOF") }
        if current == UInt8(ascii: "]") {
            place += 1
            return false
        }
        return true
    }

    private func unclosed(_ function: String, _ bracket: String, _ reached: String) -> TOMLError {
        TOMLError(
            "\(function): missing closing bracket `\(bracket)`", hint: "expected `\(bracket)`, reached \(reached)")
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
        default: return try readScalar()
        }
    }

    // MARK: Keys

    private mutating func readKey() throws(TOMLError) -> TOMLKey {
        skipBlanks()
        let start = place
        var path: [UInt32] = []
        while true {
            skipBlanks()
            path.append(document.number(of: try readKeyPart()))
            let end = place
            skipBlanks()
            guard current == UInt8(ascii: ".") else { return TOMLKey(path: path, range: start..<end) }
            place += 1
        }
    }

    private mutating func readKeyPart() throws(TOMLError) -> [UInt8] {
        if current == UInt8(ascii: "\"") || current == UInt8(ascii: "'") { return try readString(allowsLines: false) }
        let start = place
        while let byte = current, isBare(byte) { place += 1 }
        if start == place {
            throw TOMLError(
                "toml::parse_simple_key: invalid key: key must be \"quoted\", 'quoted-literal', or bare key.",
                hint: "expected from `A` to `Z` or from `a` to `z`, from `0` to `9`, -, or _",
                suffix: "Hint: non-ASCII scripts are allowed in toml v1.1.0, but not in v1.0.0.\n")
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
            if isControl(byte) {
                throw TOMLError(
                    "toml::parse_comment_line: newline (LF / CRLF) or EOF is expected", hint: "but got this",
                    suffix: "Hint: most of the control characters are not allowed in comments")
            }
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
}
