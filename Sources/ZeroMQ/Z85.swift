/// Z85, ZeroMQ's text form of binary keys (rfc.zeromq.org/spec/32): four bytes as five characters.
public enum Z85 {
    private static let alphabet = Array(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

    /// The value of each character; 255 for a byte that is no character of Z85.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()

    /// - Returns: nil unless the number of bytes is divisible by 4.
    public static func encode(_ bytes: [UInt8]) -> String? {
        guard bytes.count.isMultiple(of: 4) else { return nil }
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 4) {
            var number = bytes[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            var group = [UInt8](repeating: 0, count: 5)
            for index in stride(from: 4, through: 0, by: -1) {
                group[index] = alphabet[Int(number % 85)]
                number /= 85
            }
            text += group
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// - Returns: nil if the length is not divisible by 5, a character is not of Z85, or a group exceeds 32 bits.
    public static func decode(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count.isMultiple(of: 5) else { return nil }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: characters.count, by: 5) {
            var number: UInt64 = 0
            for character in characters[start..<start + 5] {
                let value = values[Int(character)]
                guard value != 255 else { return nil }
                number = number * 85 + UInt64(value)
            }
            guard let group = UInt32(exactly: number) else { return nil }
            bytes += [UInt8(group >> 24), UInt8(group >> 16 & 255), UInt8(group >> 8 & 255), UInt8(group & 255)]
        }
        return bytes
    }
}
