import CCompression

/// Compresses a stream in pieces as `xz` does.
@safe final class XZEncoder {
    private var stream = unsafe lzma_stream()
    private var chunk = [UInt8](repeating: 0, count: 1 << 16)

    /// The level of `xz` without an option, with a dictionary of 8 MiB.
    private static let level: UInt32 = 6

    /// - Throws: an error (`ENOMEM`) if there is too little memory.
    init() throws(SystemError) {
        guard unsafe lzma_easy_encoder(&stream, Self.level, LZMA_CHECK_CRC64) == LZMA_OK else {
            throw SystemError(code: 12)
        }
    }

    deinit { unsafe lzma_end(&stream) }

    /// Compresses the next bytes, and passes what is ready to `output`.
    func feed(
        _ piece: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) throws(SystemError) -> Void
    ) throws(SystemError) {
        unsafe stream.next_in = piece.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe stream.avail_in = piece.count
        while unsafe stream.avail_in > 0 { _ = unsafe try step(LZMA_RUN, output) }
    }

    /// Ends the stream.
    func finish(_ output: (UnsafeRawBufferPointer) throws(SystemError) -> Void) throws(SystemError) {
        unsafe stream.next_in = nil
        unsafe stream.avail_in = 0
        while unsafe try !step(LZMA_FINISH, output) {}
    }

    /// Returns whether the stream has ended.
    private func step(
        _ action: lzma_action, _ output: (UnsafeRawBufferPointer) throws(SystemError) -> Void
    ) throws(SystemError) -> Bool {
        let capacity = chunk.count
        let (code, left) = unsafe chunk.withUnsafeMutableBufferPointer { buffer in
            unsafe stream.next_out = buffer.baseAddress
            unsafe stream.avail_out = capacity
            return unsafe (lzma_code(&stream, action), Int(stream.avail_out))
        }
        guard code == LZMA_OK || code == LZMA_STREAM_END else { throw SystemError(code: 5) }
        var failure: SystemError?
        unsafe chunk.withUnsafeBytes { bytes in
            do throws(SystemError) {
                try unsafe output(UnsafeRawBufferPointer(rebasing: bytes[..<(capacity - left)]))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return code == LZMA_STREAM_END
    }
}
