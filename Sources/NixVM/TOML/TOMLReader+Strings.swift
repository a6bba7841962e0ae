/// Strings: basic and literal, of one line or several.
extension TOMLReader {
    mutating func readString(allowsLines: Bool) throws(TOMLError) -> [UInt8] {
        let quote = bytes[place]
        let start = place
        let isLong = byte(at: 1) == quote && byte(at: 2) == quote
        if isLong, !allowsLines { throw TOMLError("toml::parse_key: a key cannot have several lines") }
        place += isLong ? 3 : 1
        if isLong { _ = skipLineEnd() }
        var text: [UInt8] = []
        while let byte = current {
            if byte == quote {
                if !isLong {
                    place += 1
                    return text
                }
                if try endLong(quote, &text) { return text }
            } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                try readEscape(isLong: isLong, &text)
            } else if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                let first = place
                guard isLong, skipLineEnd() else { break }
                text += bytes[first..<place]
            } else if isControl(byte) {
                throw TOMLError("toml::parse_string: invalid control character in a string")
            } else {
                text.append(byte)
                place += 1
            }
        }
        let kind = quote == UInt8(ascii: "\"") ? "basic" : "literal"
        throw TOMLError("toml::parse_\(kind)_string: the next token is not a valid string", at: start)
    }

    /// At a quote in a long string: up to two belong to the text, the last three of up to five end it.
    private mutating func endLong(_ quote: UInt8, _ text: inout [UInt8]) throws(TOMLError) -> Bool {
        var count = 0
        while count < 5, byte(at: count) == quote { count += 1 }
        let isEnd = count >= 3
        text += [UInt8](repeating: quote, count: isEnd ? count - 3 : count)
        place += count
        return isEnd
    }

    private mutating func readEscape(isLong: Bool, _ text: inout [UInt8]) throws(TOMLError) {
        let start = place
        place += 1
        guard let byte = current else { return }
        place += 1
        switch byte {
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(byte)
        case UInt8(ascii: "u"): text += try readScalarValue(digits: 4, at: start)
        case UInt8(ascii: "U"): text += try readScalarValue(digits: 8, at: start)
        default:
            place -= 1
            guard isLong, skipLineContinuation() else {
                throw TOMLError("toml::parse_basic_string: unknown escape sequence appeared", at: start)
            }
        }
    }

    /// A backslash before the end of a line: it and all space up to the next text are nothing.
    private mutating func skipLineContinuation() -> Bool {
        skipBlanks()
        guard skipLineEnd() else { return false }
        repeat { skipBlanks() } while skipLineEnd()
        return true
    }

    private mutating func readScalarValue(digits: Int, at start: Int) throws(TOMLError) -> [UInt8] {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = current, let digit = hexValue(byte) else {
                throw TOMLError("toml::parse_basic_string: \(digits) hexadecimal digits are needed", at: start)
            }
            value = value << 4 | UInt32(digit)
            place += 1
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw TOMLError("toml::parse_utf8_codepoint: input codepoint is not valid", at: start)
        }
        return Array(String(Character(scalar)).utf8)
    }

    func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte - UInt8(ascii: "0") }
        let lower = byte | 0x20
        return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "f") ? lower - UInt8(ascii: "a") + 10 : nil
    }
}
