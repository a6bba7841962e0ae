/// Reads TOML 1.0 like toml11, which Nix uses. The stack of open arrays and inline tables is a buffer.
///
///     document = { [ "[" key "]" | "[[" key "]]" | key "=" value ] [ comment ] newline }
///     key      = part { "." part }
///     value    = string | number | date | "true" | "false" | "[" ... "]" | "{" ... "}"
///
/// A unit of fuel is charged for every 4 bytes, and more for the nodes that are created.
package struct TOMLReader: ~Copyable {
    let bytes: ByteView
    var position = 0
    /// The offset up to which reading has been charged.
    private var chargedEnd = 0
    var meter: WorkMeter
    var document = TOMLDocument()
    /// The table to which the keys of the current line are added.
    private var table = 0
    /// Whether the last line read was a header.
    private var isAfterHeader = false

    private init(_ bytes: ByteView, _ meter: WorkMeter) {
        self.bytes = bytes
        self.meter = meter
    }

    var current: UInt8? { bytes.byte(at: position) }

    func byte(at offset: Int) -> UInt8? { bytes.byte(at: position + offset) }

    /// Reads the whole text.
    ///
    /// - Returns: the document.
    /// - Throws: an error whose message shows the line at fault, or which says why reading was stopped.
    package static func read(_ bytes: ByteView, _ meter: inout WorkMeter) throws(TOMLError) -> TOMLDocument {
        var reader = TOMLReader(bytes, meter)
        var failure: TOMLError?
        do throws(TOMLError) { try reader.readAll() } catch { failure = error }
        meter = reader.meter
        guard let failure else { return reader.finish() }
        if failure.stop != nil { throw failure }
        let message: String
        do throws(WorkStop) {
            message = try TOMLExcerpt(bytes: bytes).text(failure, position: reader.position, &meter)
        } catch { throw TOMLError(error) }
        throw TOMLError(message)
    }

    private consuming func finish() -> TOMLDocument { document }

    private mutating func readAll() throws(TOMLError) {
        do throws(WorkStop) { try document.begin(&meter) } catch { throw TOMLError(error) }
        try checkEncoding()
        while position < bytes.count { try readLine() }
    }

    /// Charges for the next block unless reading it has been charged already.
    @inline(__always)
    mutating func chargeAhead() throws(TOMLError) {
        if position >= chargedEnd { try chargeBlock() }
    }

    private mutating func chargeBlock() throws(TOMLError) {
        chargedEnd = min(bytes.count, position + 1024)
        let units = (chargedEnd - position + 3) / 4
        do throws(WorkStop) { try meter.charge(units) } catch { throw TOMLError(error) }
    }

    /// Checks that the text is UTF-8.
    private mutating func checkEncoding() throws(TOMLError) {
        var check = UTF8Check(bytes)
        var end = 0
        while end < bytes.count {
            end = min(bytes.count, end + 4096)
            do throws(WorkStop) { try meter.charge(64) } catch { throw TOMLError(error) }
            if check.problem(upTo: end) != nil {
                throw TOMLError("toml: the text is not UTF-8", hint: "in this text")
            }
        }
    }

    private mutating func readLine() throws(TOMLError) {
        try chargeAhead()
        try skipBlanks()
        if current == UInt8(ascii: "[") {
            try readHeader()
        } else if let byte = current, !isLineEnd(byte), byte != UInt8(ascii: "#") {
            try readPair()
        }
        try endLine()
    }

    private mutating func readHeader() throws(TOMLError) {
        let start = position
        let isArray = byte(at: 1) == UInt8(ascii: "[")
        let message = "toml::parse_file: invalid \(isArray ? "array-table" : "table") key"
        position += isArray ? 2 : 1
        let path: [UInt32]
        do throws(TOMLError) {
            path = try readKey().path
        } catch {
            throw TOMLError(message, hint: error.marks.first?.hint ?? "here", at: error.marks.first?.range?.lowerBound)
        }
        guard current == UInt8(ascii: "]"), !isArray || byte(at: 1) == UInt8(ascii: "]") else {
            throw TOMLError(message, hint: "expected \(isArray ? "]]" : "]")")
        }
        position += isArray ? 2 : 1
        let range = start..<position
        table =
            isArray
            ? try document.appendTable(path, at: range, &meter) : try document.openTable(path, at: range, &meter)
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
        position += 1
        try skipBlanks()
    }

    /// Skips blanks and a comment up to the end of the line.
    private mutating func endLine() throws(TOMLError) {
        try skipBlanks()
        try skipComment()
        guard position < bytes.count else { return }
        guard try skipLineEnd() else {
            if isAfterHeader {
                throw TOMLError(
                    "toml::parse_file: newline (or EOF) expected", hint: "expected 0x0a(LINE FEED) or \r\n")
            }
            throw TOMLError("toml::parse_table: newline (LF / CRLF) or EOF is expected")
        }
    }

    // MARK: Values

    /// An array or inline table whose end has not been read.
    private struct Open: BitwiseCopyable {
        var node: Int
        var isTable: Bool
    }

    /// Reads a value, with all its members, into a table.
    private mutating func readValue(_ key: TOMLKey, in table: Int) throws(TOMLError) {
        var open = Buffer<Open>()
        var key = key
        var table = table
        while true {
            let start = position
            let content = try readContent()
            let node =
                (open.count == 0 || open[open.count - 1].isTable)
                ? try document.insert(content, key, in: table, at: start..<position, &meter)
                : try appendElement(content, to: table, at: start..<position)
            switch content {
            case .array: try push(Open(node: node, isTable: false), to: &open)
            case .table: try push(Open(node: node, isTable: true), to: &open)
            default: break
            }
            var isNew = false
            if case .array = content { isNew = true }
            if case .table = content { isNew = true }
            guard let next = try nextKey(&open, isNew: isNew) else {
                open.free(&meter)
                return
            }
            (table, key) = next
        }
    }

    private mutating func appendElement(
        _ content: TOMLDocument.Content, to array: Int, at range: Range<Int>
    ) throws(TOMLError) -> Int {
        do throws(WorkStop) {
            return try document.append(content, .value, to: array, at: range, &meter)
        } catch { throw TOMLError(error) }
    }

    /// Closes the arrays and inline tables that end at the current position, and reads the key of the next value.
    /// Returns nil when all are closed.
    private mutating func nextKey(_ open: inout Buffer<Open>, isNew: Bool) throws(TOMLError) -> (Int, TOMLKey)? {
        var isNew = isNew
        while open.count > 0 {
            let top = open[open.count - 1]
            if top.isTable {
                if let key = try nextTableKey(isNew: isNew) { return (top.node, key) }
            } else if try hasNextElement(isNew: isNew) {
                return (top.node, TOMLKey())
            }
            document.setEnd(top.node, position)
            try closeDotted(top.node)
            open.removeLast(1)
            isNew = false
        }
        return nil
    }

    private mutating func push(_ element: Open, to open: inout Buffer<Open>) throws(TOMLError) {
        do throws(WorkStop) { try open.append(element, &meter) } catch { throw TOMLError(error) }
    }

    /// Closes an inline table: the tables that dotted keys defined inside it can no longer be extended.
    private mutating func closeDotted(_ node: Int) throws(TOMLError) {
        do throws(WorkStop) {
            var work = Buffer<Int>()
            try work.append(document.node(node).first, &meter)
            while work.count > 0 {
                let index = work[work.count - 1]
                work.removeLast(1)
                if index < 0 { continue }
                try meter.charge(1)
                try work.append(document.node(index).next, &meter)
                guard document.node(index).origin == .dotted else { continue }
                document.setOrigin(index, .value)
                try work.append(document.node(index).first, &meter)
            }
            work.free(&meter)
        } catch { throw TOMLError(error) }
    }

    private mutating func nextTableKey(isNew: Bool) throws(TOMLError) -> TOMLKey? {
        try skipBlanks()
        if current == UInt8(ascii: "}") {
            position += 1
            return nil
        }
        if !isNew {
            guard current == UInt8(ascii: ",") else {
                if current == nil { throw unclosed("toml::parse_inline_table", "}", "line end") }
                throw TOMLError("toml::parse_inline_table: expected value-separator `,` or closing `}`")
            }
            position += 1
            try skipBlanks()
            if current == UInt8(ascii: "}") {
                throw TOMLError(
                    "toml::parse_inline_table: trailing comma is not allowed in TOML-v1.0.0)", at: position)
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
            position += 1
            return false
        }
        if current == nil { throw unclosed("toml::parse_array", "]", "EOF") }
        if isNew { return true }
        guard current == UInt8(ascii: ",") else {
            throw TOMLError("toml::parse_array: expected value-separator `,` or closing `]`")
        }
        position += 1
        try skipLines()
        if current == nil { throw unclosed("toml::parse_array", "]", "EOF") }
        if current == UInt8(ascii: "]") {
            position += 1
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
            position += 1
            return .array
        case UInt8(ascii: "{"):
            position += 1
            return .table
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try readString(allowsLines: true))
        default: return try readScalar()
        }
    }

    // MARK: Keys

    private mutating func readKey() throws(TOMLError) -> TOMLKey {
        try skipBlanks()
        let start = position
        var path: [UInt32] = []
        while true {
            try skipBlanks()
            path.append(try readKeyPart())
            try countPart(path.count)
            let end = position
            try skipBlanks()
            guard current == UInt8(ascii: ".") else { return TOMLKey(path: path, range: start..<end) }
            position += 1
        }
    }

    /// Counts the memory of a long path. It is released together with the meter.
    private mutating func countPart(_ count: Int) throws(TOMLError) {
        do throws(WorkStop) {
            try meter.charge(2)
            if count & 0xFF == 0 { try meter.reserve(bytes: 256 * 3 * MemoryLayout<UInt32>.size) }
        } catch { throw TOMLError(error) }
    }

    private mutating func readKeyPart() throws(TOMLError) -> UInt32 {
        if current == UInt8(ascii: "\"") || current == UInt8(ascii: "'") {
            let text = try readString(allowsLines: false)
            do throws(WorkStop) {
                return try document.numberOfLast(from: text.lowerBound, &meter)
            } catch { throw TOMLError(error) }
        }
        let start = position
        while let byte = current, isBare(byte) {
            position += 1
            try chargeAhead()
        }
        if start == position {
            throw TOMLError(
                "toml::parse_simple_key: invalid key: key must be \"quoted\", 'quoted-literal', or bare key.",
                hint: "expected from `A` to `Z` or from `a` to `z`, from `0` to `9`, -, or _",
                suffix: "Hint: non-ASCII scripts are allowed in toml v1.1.0, but not in v1.0.0.\n")
        }
        do throws(WorkStop) {
            return try document.number(of: bytes[start..<position], &meter)
        } catch { throw TOMLError(error) }
    }

    private func isBare(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    // MARK: Whitespace

    mutating func skipBlanks() throws(TOMLError) {
        while current == UInt8(ascii: " ") || current == UInt8(ascii: "\t") {
            position += 1
            try chargeAhead()
        }
    }

    private mutating func skipComment() throws(TOMLError) {
        guard current == UInt8(ascii: "#") else { return }
        while let byte = current, !isLineEnd(byte) {
            if isControl(byte) {
                throw TOMLError(
                    "toml::parse_comment_line: newline (LF / CRLF) or EOF is expected", hint: "but got this",
                    suffix: "Hint: most of the control characters are not allowed in comments")
            }
            position += 1
            try chargeAhead()
        }
    }

    /// Skips blanks, comments and line endings, which are allowed within arrays.
    private mutating func skipLines() throws(TOMLError) {
        repeat {
            try skipBlanks()
            try skipComment()
        } while try skipLineEnd()
    }

    mutating func skipLineEnd() throws(TOMLError) -> Bool {
        try chargeAhead()
        if current == UInt8(ascii: "\n") {
            position += 1
            return true
        }
        guard current == UInt8(ascii: "\r"), byte(at: 1) == UInt8(ascii: "\n") else { return false }
        position += 2
        return true
    }

    private func isLineEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }

    func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7F }
}
