/// Reads TOML 1.0 as toml11 does, which Nix uses. Arrays and inline tables nest on an array of their own.
///
///     document = { [ "[" key "]" | "[[" key "]]" | key "=" value ] [ comment ] newline }
///     key      = part { "." part }
///     value    = string | number | date | "true" | "false" | "[" ... "]" | "{" ... "}"
///
/// A unit is charged for every 4 bytes, and more for what is made.
package struct TOMLReader: ~Copyable {
    let bytes: ByteView
    var place = 0
    /// Up to where reading is paid for.
    private var paid = 0
    var meter: WorkMeter
    var document = TOMLDocument()
    /// The table that keys of the current line go to.
    private var table = 0
    /// Whether the line that is being read is a header.
    private var isAfterHeader = false

    private init(_ bytes: ByteView, _ meter: WorkMeter) {
        self.bytes = bytes
        self.meter = meter
    }

    var current: UInt8? { bytes.byte(at: place) }

    func byte(at offset: Int) -> UInt8? { bytes.byte(at: place + offset) }

    /// The whole text, or an error that shows the line.
    package static func read(_ bytes: ByteView, _ meter: inout WorkMeter) throws(TOMLError) -> TOMLDocument {
        var reader = TOMLReader(bytes, meter)
        var failure: TOMLError?
        do throws(TOMLError) { try reader.readAll() } catch { failure = error }
        meter = reader.meter
        guard let failure else { return reader.finish() }
        if failure.stop != nil { throw failure }
        let message: String
        do throws(WorkStop) {
            message = try TOMLExcerpt(bytes: bytes).text(failure, place: reader.place, &meter)
        } catch { throw TOMLError(error) }
        throw TOMLError(message)
    }

    private consuming func finish() -> TOMLDocument { document }

    private mutating func readAll() throws(TOMLError) {
        do throws(WorkStop) { try document.begin(&meter) } catch { throw TOMLError(error) }
        try checkEncoding()
        while place < bytes.count { try readLine() }
    }

    /// Charges for the byte that is read next, when it is not paid for.
    @inline(__always)
    mutating func pay() throws(TOMLError) {
        if place >= paid { try payBlock() }
    }

    private mutating func payBlock() throws(TOMLError) {
        paid = min(bytes.count, place + 1024)
        let units = (paid - place + 3) / 4
        do throws(WorkStop) { try meter.charge(units) } catch { throw TOMLError(error) }
    }

    /// The text must be UTF-8.
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
        try pay()
        try skipBlanks()
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
        place += 1
        try skipBlanks()
    }

    /// The rest of a line: blanks and a comment.
    private mutating func endLine() throws(TOMLError) {
        try skipBlanks()
        try skipComment()
        guard place < bytes.count else { return }
        guard try skipLineEnd() else {
            if isAfterHeader {
                throw TOMLError(
                    "toml::parse_file: newline (or EOF) expected", hint: "expected 0x0a(LINE FEED) or \r\n")
            }
            throw TOMLError("toml::parse_table: newline (LF / CRLF) or EOF is expected")
        }
    }

    // MARK: Values

    /// A list or inline table that is open: its node, and of a table what to do with the next key.
    private struct Open: BitwiseCopyable {
        var node: Int
        var isTable: Bool
    }

    /// Reads a value, with all it holds, into a table.
    private mutating func readValue(_ key: TOMLKey, in table: Int) throws(TOMLError) {
        var open = Buffer<Open>()
        var key = key
        var table = table
        while true {
            let start = place
            let content = try readContent()
            let node =
                (open.count == 0 || open[open.count - 1].isTable)
                ? try document.insert(content, key, in: table, at: start..<place, &meter)
                : try appendElement(content, to: table, at: start..<place)
            switch content {
            case .array: try push(Open(node: node, isTable: false), to: &open)
            case .table: try push(Open(node: node, isTable: true), to: &open)
            default: break
            }
            var isNew = false
            if case .array = content { isNew = true }
            if case .table = content { isNew = true }
            guard let next = try nextPlace(&open, isNew: isNew) else {
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

    /// Where the next value goes, after closing what ends here; nil when nothing is open any more.
    private mutating func nextPlace(_ open: inout Buffer<Open>, isNew: Bool) throws(TOMLError) -> (Int, TOMLKey)? {
        var isNew = isNew
        while open.count > 0 {
            let top = open[open.count - 1]
            if top.isTable {
                if let key = try nextTableKey(isNew: isNew) { return (top.node, key) }
            } else if try hasNextElement(isNew: isNew) {
                return (top.node, TOMLKey())
            }
            document.setEnd(top.node, place)
            try closeDotted(top.node)
            open.removeLast(1)
            isNew = false
        }
        return nil
    }

    private mutating func push(_ element: Open, to open: inout Buffer<Open>) throws(TOMLError) {
        do throws(WorkStop) { try open.append(element, &meter) } catch { throw TOMLError(error) }
    }

    /// What dotted keys made inside an inline table is closed with it; the node itself already is.
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
            place += 1
            return nil
        }
        if !isNew {
            guard current == UInt8(ascii: ",") else {
                if current == nil { throw unclosed("toml::parse_inline_table", "}", "line end") }
                throw TOMLError("toml::parse_inline_table: expected value-separator `,` or closing `}`")
            }
            place += 1
            try skipBlanks()
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
        try skipBlanks()
        let start = place
        var path: [UInt32] = []
        while true {
            try skipBlanks()
            path.append(try readKeyPart())
            try countPart(path.count)
            let end = place
            try skipBlanks()
            guard current == UInt8(ascii: ".") else { return TOMLKey(path: path, range: start..<end) }
            place += 1
        }
    }

    /// The memory of a long path is counted. It is given back with the meter.
    private mutating func countPart(_ count: Int) throws(TOMLError) {
        do throws(WorkStop) {
            try meter.charge(2)
            if count & 0xFF == 0 { try meter.take(bytes: 256 * 3 * MemoryLayout<UInt32>.size) }
        } catch { throw TOMLError(error) }
    }

    private mutating func readKeyPart() throws(TOMLError) -> UInt32 {
        if current == UInt8(ascii: "\"") || current == UInt8(ascii: "'") {
            let text = try readString(allowsLines: false)
            do throws(WorkStop) {
                return try document.numberOfLast(from: text.lowerBound, &meter)
            } catch { throw TOMLError(error) }
        }
        let start = place
        while let byte = current, isBare(byte) {
            place += 1
            try pay()
        }
        if start == place {
            throw TOMLError(
                "toml::parse_simple_key: invalid key: key must be \"quoted\", 'quoted-literal', or bare key.",
                hint: "expected from `A` to `Z` or from `a` to `z`, from `0` to `9`, -, or _",
                suffix: "Hint: non-ASCII scripts are allowed in toml v1.1.0, but not in v1.0.0.\n")
        }
        do throws(WorkStop) {
            return try document.number(of: bytes[start..<place], &meter)
        } catch { throw TOMLError(error) }
    }

    private func isBare(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    // MARK: Space

    mutating func skipBlanks() throws(TOMLError) {
        while current == UInt8(ascii: " ") || current == UInt8(ascii: "\t") {
            place += 1
            try pay()
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
            place += 1
            try pay()
        }
    }

    /// Blanks, comments and line ends, as arrays may hold them.
    private mutating func skipLines() throws(TOMLError) {
        repeat {
            try skipBlanks()
            try skipComment()
        } while try skipLineEnd()
    }

    mutating func skipLineEnd() throws(TOMLError) -> Bool {
        try pay()
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
