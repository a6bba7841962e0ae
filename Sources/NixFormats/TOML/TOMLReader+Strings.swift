/// Strings: basic and literal, of one line or several.
extension TOMLReader {
    /// Appends the string to the document's text; where it lies there.
    mutating func readString(allowsLines: Bool) throws(TOMLError) -> Range<Int> {
        let quote = bytes[place]
        let isLong = byte(at: 1) == quote && byte(at: 2) == quote
        if isLong, !allowsLines {
            // An empty key, and a quote where `=` should be.
            place += 2
            return document.textEnd..<document.textEnd
        }
        place += isLong ? 3 : 1
        if isLong { _ = try skipLineEnd() }
        let start = document.textEnd
        while let byte = current {
            try pay()
            if byte == quote {
                if !isLong {
                    place += 1
                    return start..<document.textEnd
                }
                if try endLong(quote) { return start..<document.textEnd }
            } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                try readEscape(isLong: isLong)
            } else if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                let first = place
                guard isLong, try skipLineEnd() else { break }
                try append(bytes[first..<place])
            } else if isControl(byte) {
                break
            } else {
                try append(byte)
                place += 1
            }
        }
        throw invalidString(quote, isLong: isLong, at: place)
    }

    mutating func append(_ byte: UInt8) throws(TOMLError) {
        do throws(WorkStop) { try document.append(byte, &meter) } catch { throw TOMLError(error) }
    }

    mutating func append(_ bytes: ByteView) throws(TOMLError) {
        do throws(WorkStop) { try document.append(bytes, &meter) } catch { throw TOMLError(error) }
    }

    /// The string cannot go on at a place.
    private func invalidString(_ quote: UInt8, isLong: Bool, at place: Int) -> TOMLError {
        let kind = (isLong ? "ml_" : "") + (quote == UInt8(ascii: "\"") ? "basic" : "literal")
        let end = String(repeating: String(Unicode.Scalar(quote)), count: isLong ? 3 : 1)
        return TOMLError("toml::parse_\(kind)_string: invalid string format", hint: "expected \(end)", at: place)
    }

    /// At a quote in a long string: up to two belong to the text, the last three of up to five end it.
    private mutating func endLong(_ quote: UInt8) throws(TOMLError) -> Bool {
        var count = 0
        while count < 5, byte(at: count) == quote { count += 1 }
        let isEnd = count >= 3
        for _ in 0..<(isEnd ? count - 3 : count) { try append(quote) }
        place += count
        return isEnd
    }

    private mutating func readEscape(isLong: Bool) throws(TOMLError) {
        let start = place
        place += 1
        guard let byte = current else { return }
        place += 1
        switch byte {
        case UInt8(ascii: "b"): try append(0x08)
        case UInt8(ascii: "t"): try append(0x09)
        case UInt8(ascii: "n"): try append(0x0A)
        case UInt8(ascii: "f"): try append(0x0C)
        case UInt8(ascii: "r"): try append(0x0D)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): try append(byte)
        case UInt8(ascii: "u"): try readScalarValue(digits: 4, isLong: isLong, at: start)
        case UInt8(ascii: "U"): try readScalarValue(digits: 8, isLong: isLong, at: start)
        default:
            place -= 1
            guard isLong, try skipLineContinuation() else {
                throw invalidString(UInt8(ascii: "\""), isLong: isLong, at: start)
            }
        }
    }

    /// A backslash before the end of a line: it and all space up to the next text are nothing.
    private mutating func skipLineContinuation() throws(TOMLError) -> Bool {
        try skipBlanks()
        guard try skipLineEnd() else { return false }
        repeat { try skipBlanks() } while try skipLineEnd()
        return true
    }

    private mutating func readScalarValue(digits: Int, isLong: Bool, at start: Int) throws(TOMLError) {
        var value: UInt32 = 0
        for _ in 0..<digits {
            try pay()
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
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { try append(byte) }
    }

    func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte - UInt8(ascii: "0") }
        let lower = byte | 0x20
        return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "f") ? lower - UInt8(ascii: "a") + 10 : nil
    }
}
