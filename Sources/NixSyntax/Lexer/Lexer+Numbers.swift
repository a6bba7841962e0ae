import MessageText

/// Integers and floats, and tokens whose first byte could also begin a path.
extension Lexer {
    /// Lexes a token that starts with a digit.
    mutating func numberToken() throws(ParseFailure) -> TokenKind {
        var length = 1
        while byte(length).isDigit { length &+= 1 }
        if byte(length).isPathByte || byte(length) == UInt8(ascii: "/") {
            if let path = pathOrURIToken() { return path }
            if byte(length) == UInt8(ascii: "."), let longer = floatLength(digits: length) {
                return try floatToken(longer)
            }
        }
        return try integerToken(length)
    }

    /// Lexes a token that starts with `.`, `-` or `+`.
    mutating func pathByteToken(_ first: UInt8) throws(ParseFailure) -> TokenKind {
        if let path = pathOrURIToken() { return path }
        switch first {
        case UInt8(ascii: "."):
            if byte(1) == UInt8(ascii: "."), byte(2) == UInt8(ascii: ".") { return consume(3, .ellipsis) }
            if let length = floatLength(digits: 0) { return try floatToken(length) }
            return consume(1, .dot)
        case UInt8(ascii: "-"): return byte(1) == UInt8(ascii: ">") ? consume(2, .implies) : consume(1, .minus)
        default: return byte(1) == UInt8(ascii: "+") ? consume(2, .concatenate) : consume(1, .plus)
        }
    }

    /// The length in bytes of the float at `offset` whose decimal point follows `digits` digits; nil if it is no float.
    /// As in Nix, a leading 0 must be the only digit before the point and needs digits after it, while `1.` needs none.
    private func floatLength(digits: Int) -> Int? {
        var length = digits &+ 1
        while byte(length).isDigit { length &+= 1 }
        let hasFraction = length > digits &+ 1
        if digits == 0 || byte(0) == UInt8(ascii: "0") {
            guard digits <= 1 && hasFraction else { return nil }
        }
        if byte(length) | 0x20 == UInt8(ascii: "e") {
            var exponent = length &+ 1
            if byte(exponent) == UInt8(ascii: "+") || byte(exponent) == UInt8(ascii: "-") { exponent &+= 1 }
            if byte(exponent).isDigit {
                while byte(exponent).isDigit { exponent &+= 1 }
                length = exponent
            }
        }
        return length
    }

    private mutating func integerToken(_ length: Int) throws(ParseFailure) -> TokenKind {
        let kind = consume(length, .integer)
        var value: Int64 = 0
        for index in start..<end {
            let (scaled, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = scaled.addingReportingOverflow(Int64(bytes[index] &- UInt8(ascii: "0")))
            if tooLarge || overflow { throw invalidNumber("integer") }
            value = sum
        }
        integer = value
        return kind
    }

    /// Lexes a float. As in Nix, values that C's `strtod` reports as out of range are errors: those too large, and
    /// those too small to be a normal number.
    private mutating func floatToken(_ length: Int) throws(ParseFailure) -> TokenKind {
        let kind = consume(length, .float)
        guard length <= Self.longestFloat, let value = Double(String(decoding: bytes.array(start, end), as: UTF8.self)),
            value.isFinite
        else {
            throw invalidNumber("float")
        }
        if value < Double.leastNormalMagnitude && hasNonzeroDigit() { throw invalidNumber("float") }
        float = value
        return kind
    }

    /// The longest float literal in bytes. No double needs so many digits, and `Double.init` reads them in well under 1
    /// ms.
    private static let longestFloat = 1 << 16

    private func hasNonzeroDigit() -> Bool {
        for index in start..<end {
            if bytes[index] | 0x20 == UInt8(ascii: "e") { return false }
            if bytes[index] >= UInt8(ascii: "1") { return true }
        }
        return false
    }

    private func invalidNumber(_ type: String) -> ParseFailure {
        ParseFailure(
            .invalidNumber, "invalid \(type) '\(MessageText.shortened(bytes.quote(start, end), of: end &- start))'",
            at: span)
    }
}
