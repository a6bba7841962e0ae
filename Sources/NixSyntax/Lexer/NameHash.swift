/// The hash function of the parser's tables: multiply and fold. It is seeded per process, so that nobody can write a
/// source whose names all collide.
enum NameHash {
    static let seed = UInt64.random(in: .min ... .max)
    private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15

    @inline(__always)
    static func mix(_ word: UInt64, _ state: UInt64) -> UInt64 {
        let product = (word ^ state).multipliedFullWidth(by: multiplier)
        return product.high ^ product.low &+ state
    }

    /// Hashes `count` bytes, eight at a time; the last load may overlap the one before it.
    @inline(__always)
    static func hash(_ bytes: UnsafePointer<UInt8>, _ count: Int, seed: UInt64) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: count)
        guard count > 0 else { return mix(0, state) }
        let base = unsafe UnsafeRawPointer(bytes)
        var offset = 0
        while offset &+ 8 < count {
            state = mix(unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt64.self), state)
            offset &+= 8
        }
        let rest: UInt64
        if count >= 8 {
            rest = unsafe base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
        } else if count >= 4 {
            let low = unsafe base.loadUnaligned(as: UInt32.self)
            rest = UInt64(unsafe base.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)) &<< 32 | UInt64(low)
        } else {
            let first = UInt64(unsafe bytes[0])
            rest = UInt64(unsafe bytes[count &- 1]) &<< 16 | UInt64(unsafe bytes[count / 2]) &<< 8 | first
        }
        return mix(rest, state)
    }
}
