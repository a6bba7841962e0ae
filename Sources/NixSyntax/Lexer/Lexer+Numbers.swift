import MessageText

/// Integers and floats, and what starts with a byte that could also start a path.
extension Lexer {
    /// A token that starts with a digit.
    mutating func numberToken() throws(Failure) -> TokenKind {
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

    /// A token that starts with `.`, `-` or `+`.
    mutating func pathByteToken(_ first: UInt8) throws(Failure) -> TokenKind {
        if let path = pathOrURIToken() { return path }
        switch first {
        case UInt8(ascii: "."):
            if byte(1) == UInt8(ascii: "."), byte(2) == UInt8(ascii: ".") { return take(3, .ellipsis) }
            if let length = floatLength(digits: 0) { return try floatToken(length) }
            return take(1, .dot)
        case UInt8(ascii: "-"): return byte(1) == UInt8(ascii: ">") ? take(2, .implies) : take(1, .minus)
        default: return byte(1) == UInt8(ascii: "+") ? take(2, .concatenate) : take(1, .plus)
        }
    }

    /// The length of the float at `offset`, whose point stands after `digits` digits. A number that starts with 0 is
    /// one only if the 0 is alone and digits follow the point; `1.` needs none.
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

    private mutating func integerToken(_ length: Int) throws(Failure) -> TokenKind {
        let kind = take(length, .integer)
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

    /// Refuses what the C library's `strtod` reports as out of range: too large, or too small to be a normal number.
    private mutating func floatToken(_ length: Int) throws(Failure) -> TokenKind {
        let kind = take(length, .float)
        guard length <= Self.longestFloat, let value = Double(String(decoding: bytes.array(start, end), as: UTF8.self)),
            value.isFinite
        else {
            throw invalidNumber("float")
        }
        if value < Double.leastNormalMagnitude && hasNonzeroDigit() { throw invalidNumber("float") }
        float = value
        return kind
    }

    /// Bytes of a float: more digits than any number needs, and few enough to be read in no time.
    private static let longestFloat = 1 << 16

    private func hasNonzeroDigit() -> Bool {
        for index in start..<end {
            if bytes[index] | 0x20 == UInt8(ascii: "e") { return false }
            if bytes[index] >= UInt8(ascii: "1") { return true }
        }
        return false
    }

    private func invalidNumber(_ type: String) -> Failure {
        Failure(
            .invalidNumber, "invalid \(type) '\(MessageText.shortened(bytes.quote(start, end), of: end &- start))'",
            at: span)
    }
}
