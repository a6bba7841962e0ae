/// The SHA-256 that represents a derivation in the hashes of those that depend on it, instead of its store path.
public struct ModuloHash: Hashable, Comparable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    public init(_ hash: [UInt8]) {
        func word(_ index: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 << 8 | UInt64(index * 8 + $1 < hash.count ? hash[index * 8 + $1] : 0) }
        }
        words = (word(0), word(1), word(2), word(3))
    }

    public var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(32)
        for word in [words.0, words.1, words.2, words.3] {
            for shift in stride(from: 56, through: 0, by: -8) {
                result.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return result
    }

    /// The hash in base 16.
    public var text: [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 64) { buffer, count in
            for (index, word) in [words.0, words.1, words.2, words.3].enumerated() {
                for digit in 0..<16 {
                    let value = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * digit)) & 15
                    unsafe buffer[16 * index + digit] = Base16.digit(value)
                }
            }
            count = 64
        }
    }

    public static func == (a: ModuloHash, b: ModuloHash) -> Bool { a.words == b.words }

    /// The order of the hashes' base-16 texts.
    public static func < (a: ModuloHash, b: ModuloHash) -> Bool { a.words < b.words }

    public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
