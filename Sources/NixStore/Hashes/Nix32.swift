/// Nix's base 32: digits and letters without `e`, `o`, `t` and `u`. The bytes are one little-endian number, which is
/// written with the most significant five bits first.
public enum Nix32 {
    static let digits = Array("0123456789abcdfghijklmnpqrsvwxyz".utf8)

    /// For each byte, whether it is a digit.
    static let isDigit = (0...255).map { digits.contains($0) }

    /// For each byte its value as a digit; 32 for what is none.
    private static let values: [UInt8] = (0...255).map { byte in
        UInt8(digits.firstIndex(of: byte) ?? 32)
    }

    /// The digit of a number below 32.
    @inline(__always)
    static func digit(_ value: UInt8) -> UInt8 {
        // Letters are left out between `d` and `f`, `n` and `p`, and `s` and `v`.
        if value < 10 { return UInt8(ascii: "0") + value }
        let letter = UInt8(ascii: "a") - 10 + value
        return letter + (value >= 14 ? 1 : 0) + (value >= 23 ? 1 : 0) + (value >= 27 ? 2 : 0)
    }

    /// The number of digits for `count` bytes.
    public static func encodedCount(_ count: Int) -> Int { (count * 8 + 4) / 5 }

    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        (0..<encodedCount(bytes.count)).reversed().map { position in
            let (index, shift) = (position * 5).quotientAndRemainder(dividingBy: 8)
            let high = index + 1 < bytes.count ? UInt16(bytes[index + 1]) << 8 : 0
            return digits[Int((UInt16(bytes[index]) | high) >> UInt16(shift) & 31)]
        }
    }

    /// Decodes a text. Excess bits give another byte unless they are zero.
    public static func decode(_ text: [UInt8]) throws(HashError) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count * 5 / 8 + 1)
        let values = values
        for position in 0..<text.count {
            let digit = text[text.count - 1 - position]
            let value = values[Int(digit)]
            guard value < 32 else { throw .invalidCharacter(digit, encoding: "Nix32 (Nix's Base32 variation)") }
            let index = position &* 5 / 8
            let bits = UInt16(value) << UInt16(position &* 5 % 8)
            if index == result.count { result.append(0) }
            result[index] |= UInt8(truncatingIfNeeded: bits)
            if bits > 255 { result.append(UInt8(truncatingIfNeeded: bits >> 8)) }
        }
        return result
    }
}
