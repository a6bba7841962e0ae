import Crypto

/// An incremental hash.
public struct HashStream {
    public let algorithm: HashAlgorithm
    // Exactly one of these is set. They are not enum cases, so that the state can be updated in place.
    private var md5: Insecure.MD5?
    private var sha1: Insecure.SHA1?
    private var sha256: SHA256?
    private var sha512: SHA512?

    public init(_ algorithm: HashAlgorithm) {
        self.algorithm = algorithm
        switch algorithm {
        case .md5: md5 = Insecure.MD5()
        case .sha1: sha1 = Insecure.SHA1()
        case .sha256: sha256 = SHA256()
        case .sha512: sha512 = SHA512()
        }
    }

    /// Hashes the next piece.
    public mutating func update(_ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe update($0) } }

    /// Hashes the next piece.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch algorithm {
        case .md5: unsafe md5?.update(bufferPointer: bytes)
        case .sha1: unsafe sha1?.update(bufferPointer: bytes)
        case .sha256: unsafe sha256?.update(bufferPointer: bytes)
        case .sha512: unsafe sha512?.update(bufferPointer: bytes)
        }
    }

    /// Bytes that are hashed between two polls: less than a millisecond of work.
    static let blockBytes = 256 << 10

    /// Hashes the next piece in blocks and polls after each of them. Returns false if it was stopped.
    public mutating func update(_ bytes: UnsafeRawBufferPointer, isStopped: () -> Bool) -> Bool {
        var start = 0
        while bytes.count - start > Self.blockBytes {
            unsafe update(UnsafeRawBufferPointer(rebasing: bytes[start..<start + Self.blockBytes]))
            start += Self.blockBytes
            if isStopped() { return false }
        }
        unsafe update(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        return true
    }

    /// The hash of the pieces so far. More may follow.
    public func finish() -> Hash {
        let bytes: [UInt8]? =
            switch algorithm {
            case .md5: md5.map { Array($0.finalize()) }
            case .sha1: sha1.map { Array($0.finalize()) }
            case .sha256: sha256.map { Array($0.finalize()) }
            case .sha512: sha512.map { Array($0.finalize()) }
            }
        return Hash(algorithm, bytes: bytes ?? [])
    }
}
