/// The hash of the parser's tables: multiply and fold, with a seed per process so that no source can be made whose
/// names all collide.
enum NameHash {
    static let seed = UInt64.random(in: .min ... .max)
    private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15

    @inline(__always)
    static func mix(_ word: UInt64, _ state: UInt64) -> UInt64 {
        let product = (word ^ state).multipliedFullWidth(by: multiplier)
        return product.high ^ product.low &+ state
    }

    static func hash(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: bytes.count)
        var word: UInt64 = 0
        var filled: UInt64 = 0
        for index in 0..<bytes.count {
            word |= UInt64(unsafe bytes[index]) &<< filled
            filled &+= 8
            if filled == 64 {
                state = mix(word, state)
                word = 0
                filled = 0
            }
        }
        return mix(word, state)
    }
}
