import Crypto

/// A SHA-256 as plain bits, without memory of its own.
public struct SHA256Sum: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// The 32 bytes as big-endian numbers, so that comparing numbers compares the bytes.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// The number of bytes.
    public static let size = 32

    /// A value for tables that have no hash: all bits are zero.
    static let zero = SHA256Sum([])

    /// - Parameter bytes: the 32 bytes of the hash. Missing ones are zero.
    public init(_ bytes: [UInt8]) {
        func word(_ index: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 << 8 | UInt64(index * 8 + $1 < bytes.count ? bytes[index * 8 + $1] : 0) }
        }
        words = (word(0), word(1), word(2), word(3))
    }

    init(_ digest: SHA256.Digest) {
        words = unsafe digest.withUnsafeBytes { bytes in
            func word(_ index: Int) -> UInt64 {
                UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
            }
            return (word(0), word(1), word(2), word(3))
        }
    }

    /// Hashes a text.
    init(of text: borrowing TrivialBuffer<UInt8>) {
        var hash = SHA256()
        unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(text.view))
        self.init(hash.finalize())
    }

    /// One of the four words.
    @inline(__always)
    private func word(_ index: Int) -> UInt64 {
        switch index {
        case 0: words.0
        case 1: words.1
        case 2: words.2
        default: words.3
        }
    }

    @inline(__always)
    private func byte(_ index: Int) -> UInt64 { word(index >> 3) >> UInt64(56 - 8 * (index & 7)) & 0xFF }

    public var bytes: [UInt8] { (0..<Self.size).map { UInt8(truncatingIfNeeded: byte($0)) } }

    /// The hash in base 16.
    public var text: [UInt8] {
        var text = TrivialBuffer<UInt8>()
        appendText(to: &text)
        return text.array
    }

    /// Appends the hash in base 16.
    func appendText(to buffer: inout TrivialBuffer<UInt8>) {
        unsafe buffer.append(atMost: 2 * Self.size) { target in
            for index in 0..<4 {
                let word = word(index)
                for digit in 0..<16 {
                    let value = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * digit)) & 15
                    unsafe target[16 * index + digit] = Base16.digit(value)
                }
            }
            return 2 * Self.size
        }
    }

    /// Appends the hash of a store path: Nix's base 32 of the bytes, of which the last 12 are joined to the first 12 by
    /// XOR.
    func appendStoreHash(to buffer: inout TrivialBuffer<UInt8>) {
        unsafe buffer.append(atMost: StorePath.hashLength) { target in
            var place = 0
            // Five bytes give eight digits. The last ones are the most significant and come first.
            for group in (0..<4).reversed() {
                var number: UInt64 = 0
                for index in 5 * group..<5 * group + 5 {
                    let folded = index < 12 ? byte(index) ^ byte(index + 20) : byte(index)
                    number |= folded << UInt64(8 * (index - 5 * group))
                }
                for digit in (0..<8).reversed() {
                    unsafe target[place] = Nix32.digit(UInt8(truncatingIfNeeded: number >> UInt64(5 * digit)) & 31)
                    place += 1
                }
            }
            return place
        }
    }

    public static func == (a: SHA256Sum, b: SHA256Sum) -> Bool { a.words == b.words }

    /// The order of the hashes' base-16 texts.
    public static func < (a: SHA256Sum, b: SHA256Sum) -> Bool { a.words < b.words }

    public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
