import ByteCounting
import Testing

/// Bytes of arrays, as memory limits count them.
@Suite struct ByteCountTests {
    @Test("A large array counts the buffer that it moves to, a small one only its own")
    func growth() {
        var small: [UInt64] = []
        small.reserveCapacity(16)
        #expect(small.byteCount(adding: 1) == small.capacity * 8)
        #expect(small.byteCount(adding: small.capacity + 1) == small.capacity * 8)
        let large = [UInt64](repeating: 1, count: 10_000)
        #expect(large.byteCount(adding: 0) == large.capacity * 8)
        let present = large.capacity * 8
        #expect(large.byteCount(adding: large.capacity - large.count + 1) == present + 2 * present)
        #expect(large.byteCount(adding: 100_000) == present + 110_000 * 8)
    }

    @Test("The estimate depends on the count alone")
    func estimate() {
        var reserved: [UInt32] = [1, 2, 3, 4]
        reserved.reserveCapacity(1000)
        #expect(reserved.estimatedByteCount == 24)
        #expect(([1, 2, 3, 4] as [UInt32]).estimatedByteCount == 24)
    }
}
