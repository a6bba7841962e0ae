/// Nix's base 32: digits and letters without `e`, `o`, `t` and `u`. The bytes are one little-endian number, which is
/// written with the most significant five bits first.
public enum Nix32 {
    static let digits = Array("0123456789abcdfghijklmnpqrsvwxyz".utf8)

    /// For each byte, whether it is a digit.
    static let isDigit = (0...255).map { digits.contains($0) }

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
        for (position, digit) in text.reversed().enumerated() {
            guard let value = digits.firstIndex(of: digit) else {
                throw .invalidCharacter(digit, encoding: "Nix32 (Nix's Base32 variation)")
            }
            let (index, shift) = (position * 5).quotientAndRemainder(dividingBy: 8)
            let bits = UInt16(value) << UInt16(shift)
            if index == result.count { result.append(0) }
            result[index] |= UInt8(truncatingIfNeeded: bits)
            if bits > 255 { result.append(UInt8(truncatingIfNeeded: bits >> 8)) }
        }
        return result
    }
}
