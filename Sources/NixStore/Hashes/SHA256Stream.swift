import Crypto

/// An incremental SHA-256.
struct SHA256Stream: ~Copyable {
    private var hash = SHA256()

    /// Hashes the next piece.
    mutating func update(_ bytes: UnsafeBufferPointer<UInt8>) {
        unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
    }

    /// Hashes the next piece in blocks and polls after each of them. Returns false if it was stopped.
    mutating func update(_ bytes: UnsafeBufferPointer<UInt8>, isStopped: () -> Bool) -> Bool {
        var start = 0
        while bytes.count - start > HashStream.blockBytes {
            unsafe update(bytes[BufferRange(start: start, count: HashStream.blockBytes)])
            start += HashStream.blockBytes
            if isStopped() { return false }
        }
        unsafe update(bytes[BufferRange(start: start, count: bytes.count - start)])
        return true
    }

    /// The hash of the pieces.
    consuming func finish() -> SHA256Sum { SHA256Sum(hash.finalize()) }
}
