/// A header block of a tar archive: the old format, ustar, or ustar with GNU's numbers.
struct TarHeader {
    static let size = 512

    let name: [UInt8]
    let linkName: [UInt8]
    let kind: UInt8
    let isExecutable: Bool
    let dataSize: Int
    let modificationTime: Int64

    /// Fails for a block of zeros, which ends the archive.
    init?(_ block: [UInt8]) throws(UnpackError) {
        if block.allSatisfy({ $0 == 0 }) { return nil }
        try Self.verify(block)
        let isUstar = block[257..<262].elementsEqual(Array("ustar".utf8))
        // GNU's format has other fields instead of the prefix of ustar.
        let isGNU = isUstar && block[262] == UInt8(ascii: " ")
        let prefix = isUstar && !isGNU ? Self.text(block[345..<500]) : []
        let short = Self.text(block[0..<100])
        name = prefix.isEmpty ? short : prefix + [CanonPath.slash] + short
        linkName = Self.text(block[157..<257])
        kind = block[156]
        isExecutable = (try Self.number(block[100..<108])) & 0o100 != 0
        let size = try Self.number(block[124..<136])
        guard size >= 0, let size = Int(exactly: size), size < 1 << 50 else {
            throw .malformed("has an entry '", name, "' of an impossible size")
        }
        dataSize = size
        modificationTime = try Self.number(block[136..<148])
    }

    private static func verify(_ block: [UInt8]) throws(UnpackError) {
        var sum = 0
        var signedSum = 0
        for (index, byte) in block.enumerated() {
            let counted = (148..<156).contains(index) ? UInt8(ascii: " ") : byte
            sum += Int(counted)
            signedSum += Int(Int8(bitPattern: counted))
        }
        let expected = try number(block[148..<156])
        guard expected == Int64(sum) || expected == Int64(signedSum) else { throw .malformed("is not a tar archive") }
    }

    private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

    /// Reads a number: octal digits, or GNU's binary form, whose first byte has its highest bit set.
    private static func number(_ field: ArraySlice<UInt8>) throws(UnpackError) -> Int64 {
        guard let first = field.first else { return 0 }
        if first & 0x80 != 0 {
            // A first byte of 0xFF marks a negative number.
            var value: Int64 = first & 0x40 != 0 ? -1 : Int64(first & 0x3F)
            for byte in field.dropFirst() {
                let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
                guard !overflow else { throw .malformed("has a number that is too large") }
                value = shifted + Int64(byte)
            }
            return value
        }
        var value: Int64 = 0
        for byte in field {
            if byte == UInt8(ascii: " "), value == 0 { continue }
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) else {
                guard byte == 0 || byte == UInt8(ascii: " ") else { throw .malformed("is not a tar archive") }
                break
            }
            value = value * 8 + Int64(byte - UInt8(ascii: "0"))
        }
        return value
    }
}
