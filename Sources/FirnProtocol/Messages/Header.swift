/// The first frame of every message, with 16 bytes:
///
///     offset 0: "FIRN"             4 bytes
///     offset 4: version            1 byte
///     offset 5: kind               1 byte
///     offset 6: 0                  2 bytes, reserved
///     offset 8: correlation id     8 bytes, little-endian; 0 in a message that neither is nor expects an answer
struct Header {
    static let byteCount = 16
    private static let magic: [UInt8] = [0x46, 0x49, 0x52, 0x4E]

    var version: UInt8
    var kind: UInt8
    var correlation: UInt64

    var bytes: [UInt8] {
        var bytes = Self.magic
        bytes.reserveCapacity(Self.byteCount)
        bytes.append(version)
        bytes.append(kind)
        bytes.append(0)
        bytes.append(0)
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: correlation >> shift))
        }
        return bytes
    }

    init(kind: MessageKind, correlation: UInt64) {
        version = ProtocolVersion.current
        self.kind = kind.rawValue
        self.correlation = correlation
    }

    init(_ bytes: [UInt8]) throws(ProtocolError) {
        guard bytes.count == Self.byteCount else {
            throw .malformedFrames("the header has \(bytes.count) bytes and not \(Self.byteCount)")
        }
        guard Array(bytes[0..<4]) == Self.magic else {
            throw .malformedFrames("the header does not begin with FIRN: is this a Firn client or worker?")
        }
        version = bytes[4]
        kind = bytes[5]
        correlation = bytes[8..<16].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        guard version != 1 || (bytes[6] == 0 && bytes[7] == 0) else {
            throw .malformedFrames("the header's reserved bytes are not zero", correlation: correlation)
        }
    }
}
