/// Writes fields of a protobuf message as they stand on the wire: a tag, then a varint, or a length and bytes.
struct WireWriter {
    private(set) var output: [UInt8] = []

    private static let varint: UInt8 = 0
    private static let lengthDelimited: UInt8 = 2
    /// Bytes that a varint of 32 bits takes at most.
    private static let longest = 5

    init(capacity: Int) { output.reserveCapacity(capacity) }

    /// - Parameter field: its number, below 16.
    mutating func number(field: UInt8, _ value: UInt64) {
        guard value != 0 else { return }
        output.append(field << 3 | Self.varint)
        varint(value)
    }

    mutating func bytes(field: UInt8, _ bytes: [UInt8]) {
        output.append(field << 3 | Self.lengthDelimited)
        varint(UInt64(bytes.count))
        output += bytes
    }

    /// A packed repeated field of 32-bit numbers.
    @inline(__always)
    mutating func packed(field: UInt8, count: Int, _ value: (Int) -> UInt32) {
        let column = unsafe [UInt8](unsafeUninitializedCapacity: count * Self.longest) { buffer, written in
            for index in 0..<count {
                var rest = value(index)
                while rest >= 0x80 {
                    unsafe buffer[written] = UInt8(truncatingIfNeeded: rest) | 0x80
                    written += 1
                    rest >>= 7
                }
                unsafe buffer[written] = UInt8(truncatingIfNeeded: rest)
                written += 1
            }
        }
        bytes(field: field, column)
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            output.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        output.append(UInt8(rest))
    }
}
