/// Strings: basic and literal, of one line or several.
extension TOMLReader {
    mutating func readString(allowsLines: Bool) throws(TOMLError) -> [UInt8] {
        let quote = bytes[place]
        let isLong = byte(at: 1) == quote && byte(at: 2) == quote
        if isLong, !allowsLines {
            // An empty key, and a quote where `=` should be.
            place += 2
            return []
        }
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
                break
            } else {
                text.append(byte)
                place += 1
            }
        }
        throw invalidString(quote, isLong: isLong, at: place)
    }

    /// The string cannot go on at a place.
    private func invalidString(_ quote: UInt8, isLong: Bool, at place: Int) -> TOMLError {
        let kind = (isLong ? "ml_" : "") + (quote == UInt8(ascii: "\"") ? "basic" : "literal")
        let end = String(repeating: String(Unicode.Scalar(quote)), count: isLong ? 3 : 1)
        return TOMLError("toml::parse_\(kind)_string: invalid string format", hint: "expected \(end)", at: place)
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
        case UInt8(ascii: "u"): text += try readScalarValue(digits: 4, isLong: isLong, at: start)
        case UInt8(ascii: "U"): text += try readScalarValue(digits: 8, isLong: isLong, at: start)
        default:
            place -= 1
            guard isLong, skipLineContinuation() else {
                throw invalidString(UInt8(ascii: "\""), isLong: isLong, at: start)
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

    private mutating func readScalarValue(digits: Int, isLong: Bool, at start: Int) throws(TOMLError) -> [UInt8] {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = current, let digit = hexValue(byte) else {
                throw invalidString(UInt8(ascii: "\""), isLong: isLong, at: start)
            }
            value = value << 4 | UInt32(digit)
            place += 1
        }
        guard let scalar = Unicode.Scalar(value) else {
            if value > 0x10FFFF {
                throw TOMLError(
                    "toml::parse_utf8_codepoint: input codepoint is too large.",
                    hint: "must be in range [0x00, 0x10FFFF]", at: start)
            }
            throw TOMLError("toml::parse_utf8_codepoint: [0xD800, 0xDFFF] is not a valid UTF-8", at: start)
        }
        return Array(String(Character(scalar)).utf8)
    }

    func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte - UInt8(ascii: "0") }
        let lower = byte | 0x20
        return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "f") ? lower - UInt8(ascii: "a") + 10 : nil
    }
}
