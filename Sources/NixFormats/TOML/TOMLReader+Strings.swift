/// Strings: basic and literal, on one line or several.
extension TOMLReader {
    /// Reads a string into the document's text buffer, and returns its range there.
    mutating func readString(allowsLines: Bool) throws(TOMLError) -> Range<Int> {
        let quote = bytes[position]
        let isLong = byte(at: 1) == quote && byte(at: 2) == quote
        if isLong, !allowsLines {
            // An empty key, followed by a quote instead of `=`.
            position += 2
            return document.textEnd..<document.textEnd
        }
        position += isLong ? 3 : 1
        if isLong { _ = try skipLineEnd() }
        let start = document.textEnd
        while let byte = current {
            try chargeAhead()
            if byte == quote {
                if !isLong {
                    position += 1
                    return start..<document.textEnd
                }
                if try endLong(quote) { return start..<document.textEnd }
            } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                try readEscape(isLong: isLong)
            } else if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                let first = position
                guard isLong, try skipLineEnd() else { break }
                try append(bytes[first..<position])
            } else if isControl(byte) {
                break
            } else {
                try append(byte)
                position += 1
            }
        }
        throw invalidString(quote, isLong: isLong, at: position)
    }

    mutating func append(_ byte: UInt8) throws(TOMLError) {
        do throws(WorkStop) { try document.append(byte, &meter) } catch { throw TOMLError(error) }
    }

    mutating func append(_ bytes: ByteView) throws(TOMLError) {
        do throws(WorkStop) { try document.append(bytes, &meter) } catch { throw TOMLError(error) }
    }

    /// The error for a string that cannot continue at a position.
    private func invalidString(_ quote: UInt8, isLong: Bool, at position: Int) -> TOMLError {
        let kind = (isLong ? "ml_" : "") + (quote == UInt8(ascii: "\"") ? "basic" : "literal")
        let end = String(repeating: String(Unicode.Scalar(quote)), count: isLong ? 3 : 1)
        return TOMLError("toml::parse_\(kind)_string: invalid string format", hint: "expected \(end)", at: position)
    }

    /// Reads a quote in a multi-line string. Of up to five quotes, the last three end the string, and those before them
    /// belong to it.
    private mutating func endLong(_ quote: UInt8) throws(TOMLError) -> Bool {
        var count = 0
        while count < 5, byte(at: count) == quote { count += 1 }
        let isEnd = count >= 3
        for _ in 0..<(isEnd ? count - 3 : count) { try append(quote) }
        position += count
        return isEnd
    }

    private mutating func readEscape(isLong: Bool) throws(TOMLError) {
        let start = position
        position += 1
        guard let byte = current else { return }
        position += 1
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
            position -= 1
            guard isLong, try skipLineContinuation() else {
                throw invalidString(UInt8(ascii: "\""), isLong: isLong, at: start)
            }
        }
    }

    /// Skips a line continuation: a backslash at the end of a line, and the whitespace up to the next text.
    private mutating func skipLineContinuation() throws(TOMLError) -> Bool {
        try skipBlanks()
        guard try skipLineEnd() else { return false }
        repeat { try skipBlanks() } while try skipLineEnd()
        return true
    }

    private mutating func readScalarValue(digits: Int, isLong: Bool, at start: Int) throws(TOMLError) {
        var value: UInt32 = 0
        for _ in 0..<digits {
            try chargeAhead()
            guard let byte = current, let digit = hexValue(byte) else {
                throw invalidString(UInt8(ascii: "\""), isLong: isLong, at: start)
            }
            value = value << 4 | UInt32(digit)
            position += 1
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
