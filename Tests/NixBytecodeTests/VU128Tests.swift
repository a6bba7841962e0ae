import NixBytecode
import TestSupport
import Testing

@Suite struct VU128Tests {
    /// Values at every boundary, with their encodings computed by hand from the definition.
    @Test(
        arguments: [
            (0, [0x00]), (0x7F, [0x7F]), (0x80, [0x80, 0x02]), (0x3FFF, [0xBF, 0xFF]), (0x4000, [0xC0, 0x00, 0x02]),
            (0xA_BCDE, [0xDE, 0xE6, 0x55]), (0x1F_FFFF, [0xDF, 0xFF, 0xFF]), (0x20_0000, [0xE0, 0x00, 0x00, 0x02]),
            (0xFFF_FFFF, [0xEF, 0xFF, 0xFF, 0xFF]), (0x1000_0000, [0xF3, 0x00, 0x00, 0x00, 0x10]),
            (0x1_2345_6789, [0xF4, 0x89, 0x67, 0x45, 0x23, 0x01]),
            (UInt64.max, [0xF7, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        ] as [(UInt64, [UInt8])])
    func encodes(value: UInt64, bytes: [UInt8]) throws {
        var encoded: [UInt8] = []
        VU128.append(value, to: &encoded)
        #expect(encoded == bytes)
        #expect(VU128.size(of: value) == bytes.count)
        var offset = 0
        #expect(try VU128.decode(bytes, at: &offset) == value)
        #expect(offset == bytes.count)
    }

    @Test func everyLengthComesBack() throws {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<20_000 {
            let value = random.next() >> UInt64(random.below(64))
            var bytes: [UInt8] = [0xAA]
            VU128.append(value, to: &bytes)
            #expect(bytes.count == 1 + VU128.size(of: value))
            var offset = 1
            #expect(try VU128.decode(bytes, at: &offset) == value)
            #expect(offset == bytes.count)
            var verified = 1
            let fast = unsafe bytes.withUnsafeBufferPointer {
                unsafe $0.baseAddress.map { unsafe VU128.decodeVerified($0, at: &verified) }
            }
            #expect(fast == value)
            #expect(verified == bytes.count)
        }
    }

    @Test(
        arguments: [
            ([0x80, 0x01], .notCanonical), ([0xC0, 0xFF, 0x01], .notCanonical), ([0xE0, 0, 0, 1], .notCanonical),
            ([0xF0, 0x01], .notCanonical), ([0xF3, 0xFF, 0xFF, 0xFF, 0x0F], .notCanonical),
            ([0xF4, 0, 0, 0, 0x10, 0], .notCanonical), ([], .truncated), ([0x80], .truncated),
            ([0xE0, 0, 0], .truncated),
            ([0xF7, 1, 1, 1, 1, 1, 1, 1], .truncated), ([0xF8, 1, 1, 1, 1, 1, 1, 1, 1, 1], .overflow),
        ] as [([UInt8], VU128.Failure)])
    func refuses(bytes: [UInt8], failure: VU128.Failure) {
        var offset = 0
        #expect(throws: failure) { try VU128.decode(bytes, at: &offset) }
        #expect(offset == 0)
    }

    @Test func zigzagKeepsSmallNumbersSmall() {
        #expect([0, -1, 1, -2, 2].map(VU128.zigzag) == [0, 1, 2, 3, 4])
        for value in [Int64.min, -5, 0, 7, .max] {
            #expect(VU128.unzigzag(VU128.zigzag(value)) == value)
        }
    }
}
