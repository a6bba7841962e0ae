/// Writes the fields of a protobuf message in wire format: a tag, then a varint, or a length and bytes.
struct WireWriter {
    private(set) var output: [UInt8] = []

    private static let varint: UInt64 = 0
    private static let lengthDelimited: UInt64 = 2

    init(capacity: Int) { output.reserveCapacity(capacity) }

    mutating func number(field: UInt64, _ value: UInt64) {
        guard value != 0 else { return }
        varint(field << 3 | Self.varint)
        varint(value)
    }

    mutating func bytes(field: UInt64, _ bytes: some Collection<UInt8>) {
        varint(field << 3 | Self.lengthDelimited)
        varint(UInt64(bytes.count))
        output += bytes
    }

    /// Writes a packed repeated field.
    mutating func packed(field: UInt64, _ values: [some UnsignedInteger & FixedWidthInteger]) {
        var column = WireWriter(capacity: values.count * 2)
        for value in values { column.varint(UInt64(value)) }
        bytes(field: field, column.output)
    }

    /// Writes a packed repeated field, unless all its values are 0.
    mutating func column(field: UInt64, _ values: [UInt32]) {
        if values.contains(where: { $0 != 0 }) { packed(field: field, values) }
    }

    /// Writes bytes, unless all of them are 0.
    mutating func column(field: UInt64, _ values: [UInt8]) {
        if values.contains(where: { $0 != 0 }) { bytes(field: field, values) }
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
