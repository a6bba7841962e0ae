/// Hexadecimal encoding. It writes lower case and reads both.
public enum Base16 {
    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: bytes.count * 2) { buffer, count in
            for byte in bytes {
                unsafe buffer[count] = digit(byte >> 4)
                unsafe buffer[count + 1] = digit(byte & 15)
                count += 2
            }
        }
    }

    /// Appends the digits of bytes.
    static func append(_ bytes: [UInt8], to buffer: inout TrivialBuffer<UInt8>) {
        for byte in bytes {
            buffer.append(digit(byte >> 4))
            buffer.append(digit(byte & 15))
        }
    }

    /// The digit of a number below 16.
    @inline(__always)
    static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
    }

    /// Decodes an even number of digits; a last odd one is ignored.
    public static func decode(_ text: [UInt8]) throws(HashError) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count / 2)
        for index in 0..<text.count / 2 {
            result.append(try value(text[index * 2]) << 4 | value(text[index * 2 + 1]))
        }
        return result
    }

    private static func value(_ digit: UInt8) throws(HashError) -> UInt8 {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: throw .invalidCharacter(digit, encoding: "Base16")
        }
    }
}
