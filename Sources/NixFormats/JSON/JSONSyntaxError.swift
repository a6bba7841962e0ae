/// Finds the first syntax error in a text that is not JSON, with the message of the JSON library that Nix uses.
///
/// It reads the text token by token like that library, whose messages depend on what was read before. No value is
/// built, and the stack of open containers is a buffer. A unit of fuel is charged for every 4 bytes.
package struct JSONSyntaxError: ~Copyable {
    private let bytes: ByteView
    private var meter: WorkMeter
    private var position = 0
    /// The byte read last; nil at the end of the text.
    private var current: UInt8?
    private var line = 1
    private var column = 0
    /// The start of what the message quotes: the last number or string, or the text.
    private var readStart = 0
    private var problem = ""

    private enum Token: String {
        case trueWord = "true literal"
        case falseWord = "false literal"
        case nullWord = "null literal"
        case string = "string literal"
        case number = "number literal"
        case openList = "'['"
        case openObject = "'{'"
        case closeList = "']'"
        case closeObject = "'}'"
        case colon = "':'"
        case comma = "','"
        case error = "<parse error>"
        case end = "end of input"
        case value = "'[', '{', or a literal"
    }

    private enum Failure: Error {
        case message(String)
        case stopped(WorkStop)
    }

    /// The message of the first syntax error; nil if the text is JSON.
    package static func message(_ bytes: ByteView, _ meter: inout WorkMeter) throws(WorkStop) -> String? {
        var reader = JSONSyntaxError(bytes, meter)
        var failure: Failure?
        do throws(Failure) { try reader.read() } catch { failure = error }
        meter = reader.meter
        switch failure {
        case nil: return nil
        case .message(let message): return message
        case .stopped(let stop): throw stop
        }
    }

    private init(_ bytes: ByteView, _ meter: WorkMeter) {
        self.bytes = bytes
        self.meter = meter
        if bytes.has("\u{FEFF}", at: 0) {
            position = 3
            column = 3
            readStart = 3
        }
    }

    // MARK: The grammar

    private mutating func read() throws(Failure) {
        /// The stack of open containers. An entry says whether the container is a list.
        var open = Buffer<Bool>()
        var token = try next()
        while true {
            let opened = try readValue(&token, &open)
            if opened { continue }
            while open.count > 0 {
                let isList = open[open.count - 1]
                token = try next()
                if token == .comma {
                    token = try next()
                    if !isList { try readKey(&token) }
                    break
                }
                guard token == (isList ? .closeList : .closeObject) else {
                    throw failure(token, isList ? "array" : "object", expected: isList ? .closeList : .closeObject)
                }
                open.removeLast(1)
            }
            if open.count == 0 { break }
        }
        token = try next()
        guard token == .end else { throw failure(token, "value", expected: .end) }
    }

    /// Reads a scalar or an empty container; or opens a container, returns true, and makes its first value the current
    /// token.
    private mutating func readValue(_ token: inout Token, _ open: inout Buffer<Bool>) throws(Failure) -> Bool {
        switch token {
        case .openObject:
            token = try next()
            if token == .closeObject { return false }
            try readKey(&token)
            try push(false, to: &open)
            return true
        case .openList:
            token = try next()
            if token == .closeList { return false }
            try push(true, to: &open)
            return true
        case .trueWord, .falseWord, .nullWord, .string, .number: return false
        case .error: throw failure(token, "value", expected: nil)
        default: throw failure(token, "value", expected: .value)
        }
    }

    private mutating func readKey(_ token: inout Token) throws(Failure) {
        guard token == .string else { throw failure(token, "object key", expected: .string) }
        token = try next()
        guard token == .colon else { throw failure(token, "object separator", expected: .colon) }
        token = try next()
    }

    private mutating func push(_ isList: Bool, to open: inout Buffer<Bool>) throws(Failure) {
        do throws(WorkStop) { try open.append(isList, &meter) } catch { throw .stopped(error) }
    }

    private func failure(_ token: Token, _ context: String, expected: Token?) -> Failure {
        var text = "[json.exception.parse_error.101] parse error at line \(line), column \(column): "
        text += "syntax error while parsing \(context) - "
        text += token == .error ? "\(problem); last read: '\(shownRead)'" : "unexpected \(token.rawValue)"
        if let expected { text += "; expected \(expected.rawValue)" }
        return .message(text)
    }

    private var shownRead: String {
        var shown: [UInt8] = []
        let end = min(position, bytes.count)
        // A message only shows the end of a long token.
        let start = max(readStart, end - ByteView.excerptBytes)
        if start > readStart { shown += Array("...".utf8) }
        for index in start..<max(start, end) {
            let byte = bytes[index]
            if byte < 0x20 {
                shown += Array("<U+\(Self.hex(UInt32(byte)))>".utf8)
            } else {
                shown.append(byte)
            }
        }
        return String(decoding: shown, as: UTF8.self)
    }

    private static func hex(_ number: UInt32) -> String {
        let digits = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    // MARK: Bytes

    private mutating func advance() throws(Failure) {
        column += 1
        if position & 0xFF == 0 {
            do throws(WorkStop) { try meter.charge(64) } catch { throw .stopped(error) }
        }
        guard position < bytes.count else {
            current = nil
            position = bytes.count + 1
            return
        }
        let byte = bytes[position]
        position += 1
        current = byte
        if byte == UInt8(ascii: "\n") {
            line += 1
            column = 0
        }
    }

    /// Unreads the last byte.
    private mutating func retreat() {
        position -= 1
        if column == 0 { line -= 1 } else { column -= 1 }
    }

    // MARK: Tokens

    private mutating func next() throws(Failure) -> Token {
        repeat { try advance() } while current == 0x20 || current == 0x09 || current == 0x0A || current == 0x0D
        switch current {
        case UInt8(ascii: "["): return .openList
        case UInt8(ascii: "]"): return .closeList
        case UInt8(ascii: "{"): return .openObject
        case UInt8(ascii: "}"): return .closeObject
        case UInt8(ascii: ":"): return .colon
        case UInt8(ascii: ","): return .comma
        case UInt8(ascii: "t"): return try word("rue", .trueWord)
        case UInt8(ascii: "f"): return try word("alse", .falseWord)
        case UInt8(ascii: "n"): return try word("ull", .nullWord)
        case UInt8(ascii: "\""): return try string()
        case nil, 0: return .end
        case .some(let byte):
            let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            return isDigit || byte == UInt8(ascii: "-") ? try number() : fail("invalid literal")
        }
    }

    private mutating func fail(_ message: String) -> Token {
        problem = message
        return .error
    }

    private mutating func word(_ rest: String, _ token: Token) throws(Failure) -> Token {
        for byte in rest.utf8 {
            try advance()
            if current != byte { return fail("invalid literal") }
        }
        return token
    }

    private mutating func restart() { readStart = current == nil ? bytes.count : position - 1 }

    private mutating func digits() throws(Failure) -> Bool {
        var found = false
        while true {
            try advance()
            guard let current, current >= UInt8(ascii: "0"), current <= UInt8(ascii: "9") else { return found }
            found = true
        }
    }

    private mutating func number() throws(Failure) -> Token {
        restart()
        if current == UInt8(ascii: "-") {
            try advance()
            guard let current, current >= UInt8(ascii: "0"), current <= UInt8(ascii: "9") else {
                return fail("invalid number; expected digit after '-'")
            }
        }
        if current == UInt8(ascii: "0") { try advance() } else { _ = try digits() }
        if current == UInt8(ascii: ".") {
            guard try digits() else { return fail("invalid number; expected digit after '.'") }
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            try advance()
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") {
                guard try digits() else { return fail("invalid number; expected digit after exponent sign") }
            } else {
                guard let current, current >= UInt8(ascii: "0"), current <= UInt8(ascii: "9") else {
                    return fail("invalid number; expected '+', '-', or digit after exponent")
                }
                _ = try digits()
            }
        }
        retreat()
        return .number
    }

    private mutating func string() throws(Failure) -> Token {
        restart()
        while true {
            try advance()
            guard let byte = current else { return fail("invalid string: missing closing quote") }
            switch byte {
            case UInt8(ascii: "\""): return .string
            case UInt8(ascii: "\\"): if let token = try escape() { return token }
            case 0..<0x20: return fail(Self.controlMessage(byte))
            case 0..<0x80: break
            default: if try !sequence(byte) { return fail("invalid string: ill-formed UTF-8 byte") }
            }
        }
    }

    private mutating func escape() throws(Failure) -> Token? {
        try advance()
        guard current == UInt8(ascii: "u") else {
            guard let current, "\"\\/bfnrt".utf8.contains(current) else {
                return fail("invalid string: forbidden character after backslash")
            }
            return nil
        }
        guard let unit = try hexadecimalUnit() else { return failDigits() }
        if (0xDC00...0xDFFF).contains(unit) {
            return fail("invalid string: surrogate U+DC00..U+DFFF must follow U+D800..U+DBFF")
        }
        guard (0xD800...0xDBFF).contains(unit) else { return nil }
        let unpaired = "invalid string: surrogate U+D800..U+DBFF must be followed by U+DC00..U+DFFF"
        try advance()
        guard current == UInt8(ascii: "\\") else { return fail(unpaired) }
        try advance()
        guard current == UInt8(ascii: "u") else { return fail(unpaired) }
        guard let low = try hexadecimalUnit() else { return failDigits() }
        return (0xDC00...0xDFFF).contains(low) ? nil : fail(unpaired)
    }

    private mutating func failDigits() -> Token { fail("invalid string: '\\u' must be followed by 4 hex digits") }

    private mutating func hexadecimalUnit() throws(Failure) -> UInt32? {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            try advance()
            guard let current, let digit = JSONText.hexadecimalDigit(current) else {
                return nil
            }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    /// Reads the continuation bytes of a UTF-8 sequence; returns false if it is invalid.
    private mutating func sequence(_ lead: UInt8) throws(Failure) -> Bool {
        guard let (first, more) = UTF8Check.continuation(after: lead) else { return false }
        var range = first
        for _ in 0..<more {
            try advance()
            guard let current, range.contains(current) else { return false }
            range = 0x80...0xBF
        }
        return true
    }

    private static let controlNames = [
        "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI", "DLE",
        "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
    ]

    private static func controlMessage(_ byte: UInt8) -> String {
        let code = hex(UInt32(byte))
        let short: [UInt8: String] = [8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r"]
        let way = short[byte].map { " or \($0)" } ?? ""
        return
            "invalid string: control character U+\(code) (\(controlNames[Int(byte)])) must be escaped to \\u\(code)\(way)"
    }
}
