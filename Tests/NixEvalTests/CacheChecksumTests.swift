import TestSupport
import Testing

@testable import NixEval

@Suite struct CacheChecksumTests {
    /// The vectors of the authors' reference implementation: the key is the bytes 0 to 15, the message 0, 1, 2 and so on.
    @Test func sipHashHasItsVectors() {
        let key: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
        var empty = SipHash(key)
        #expect(empty.finish() == 0x726F_DB47_DD0E_0E31)
        var eight = SipHash(key)
        eight.add(0x0706_0504_0302_0100)
        #expect(eight.finish() == 0x93F5_F579_9A93_2462)
    }

    private func sum(_ bytes: [UInt8], _ key: (UInt64, UInt64) = (1, 2)) -> UInt64 {
        unsafe bytes.withUnsafeBytes { unsafe CacheChecksum(key: key)($0) }
    }

    @Test func everyByteAndEveryLengthCounts() {
        var random = SeededGenerator(seed: 7)
        var sums: Set<UInt64> = []
        var inputs = 0
        for count in 0..<150 {
            let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            sums.insert(sum(bytes))
            inputs += 1
            for index in 0..<count {
                var changed = bytes
                changed[index] ^= 1 << UInt8(random.below(8))
                sums.insert(sum(changed))
                inputs += 1
            }
        }
        // Zeros at the end are no padding.
        for count in 200..<300 {
            sums.insert(sum([UInt8](repeating: 0, count: count)))
            inputs += 1
        }
        #expect(sums.count == inputs)
    }

    /// The polynomials are compared with ones that are computed with remainders of long numbers.
    @Test func polynomialsAreThoseOfTheField() {
        let prime: UInt128 = 1 << 61 - 1
        var random = SeededGenerator(seed: 8)
        for count in [0, 1, 27, 28, 29, 56, 57, 1000, 4093] {
            let bytes = (0..<count).map { _ in random.chance(30) ? 0xFF : UInt8(truncatingIfNeeded: random.next()) }
            let key = (random.next(), random.next())
            let points = (1...4).map { number -> UInt128 in
                var hash = SipHash(key)
                hash.add(UInt64(number))
                return UInt128(hash.finish() & (1 << 60 - 1))
            }
            var lanes: [UInt128] = [0, 0, 0, 0]
            // The last stride is partial, and whole only if nothing follows it.
            for start in stride(from: 0, through: max(0, count - 1) / 28 * 28, by: 28) {
                for lane in 0..<4 {
                    var block: UInt128 = 0
                    for index in (0..<7).reversed() {
                        let offset = start + 7 * lane + index
                        block = block << 8 | UInt128(offset < count ? bytes[offset] : 0)
                    }
                    lanes[lane] = (lanes[lane] * points[lane] + block) % prime
                }
            }
            var hash = SipHash(key)
            hash.add(UInt64(count))
            for lane in lanes { hash.add(UInt64(lane)) }
            #expect(sum(bytes, key) == hash.finish(), "\(count) bytes")
        }
    }

    @Test func theKeyCounts() {
        let bytes = [UInt8](repeating: 7, count: 100)
        #expect(sum(bytes, (1, 2)) != sum(bytes, (1, 3)))
        #expect(sum(bytes, (1, 2)) != sum(bytes, (2, 1)))
    }
}
