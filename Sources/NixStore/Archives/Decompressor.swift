import CCompression

/// Decompresses a stream in pieces. The format is detected from the first bytes.
@safe final class Decompressor {
    private enum Format {
        case plain
        case gzip
        case bzip2
        case xz
    }

    private var format: Format?
    private var gzip = unsafe z_stream()
    private var bzip2 = unsafe bz_stream()
    private var xz = unsafe lzma_stream()
    /// The first bytes, until there are enough of them to detect the format.
    private var head: [UInt8] = []
    private var chunk = [UInt8](repeating: 0, count: 1 << 16)
    /// Whether a compressed stream has ended. Another one may follow it.
    private var hasEnded = false

    /// The memory limit of liblzma in bytes, which suffices for the dictionary of `xz -9`.
    private static let xzMemoryLimit: UInt64 = 256 << 20
    private static let xzConcatenated: UInt32 = 0x08

    deinit {
        switch format {
        case .gzip: unsafe inflateEnd(&gzip)
        case .bzip2: unsafe BZ2_bzDecompressEnd(&bzip2)
        case .xz: unsafe lzma_end(&xz)
        case .plain, nil: break
        }
    }

    /// Decompresses the next bytes, and passes the result to `output`.
    func feed(
        _ piece: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) throws(UnpackError) -> Void
    ) throws(UnpackError) {
        if format != nil { return try unsafe decompress(piece, output) }
        unsafe head.append(contentsOf: piece)
        if head.count >= 6 { unsafe try begin(output) }
    }

    /// Ends the input, and checks that it is complete.
    func finish(_ output: (UnsafeRawBufferPointer) throws(UnpackError) -> Void) throws(UnpackError) {
        if format == nil { unsafe try begin(output) }
        switch format {
        case .xz: unsafe try finishXZ(output)
        case .gzip, .bzip2: if !hasEnded { throw .malformed("is cut off") }
        case .plain, nil: break
        }
    }

    private func begin(
        _ output: (UnsafeRawBufferPointer) throws(UnpackError) -> Void
    ) throws(UnpackError) {
        let found = try Self.format(head)
        let isReady =
            switch found {
            case .plain: true
            case .gzip: unsafe firn_gzip_init(&gzip) == Z_OK
            case .bzip2: unsafe BZ2_bzDecompressInit(&bzip2, 0, 0) == BZ_OK
            case .xz: unsafe lzma_stream_decoder(&xz, Self.xzMemoryLimit, Self.xzConcatenated) == LZMA_OK
            }
        guard isReady else { throw .malformed("cannot be decompressed: there is too little memory") }
        format = found
        let bytes = head
        head = []
        // `withUnsafeBytes` would lose the type of the error.
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { unsafe copy.deallocate() }
        unsafe copy.copyBytes(from: bytes)
        try unsafe decompress(UnsafeRawBufferPointer(copy), output)
    }

    private static func format(_ head: [UInt8]) throws(UnpackError) -> Format {
        if head.starts(with: [0x1F, 0x8B]) { return .gzip }
        if head.starts(with: Array("BZh".utf8)) { return .bzip2 }
        if head.starts(with: [0xFD] + Array("7zXZ".utf8) + [0]) { return .xz }
        if head.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
            throw .malformed(
                "is compressed with zstd, which this evaluator does not read; decompress it first (zstd -d)")
        }
        if head.starts(with: Array("PK".utf8) + [3, 4]) {
            throw .malformed("is a zip archive, which this evaluator does not read; unpack it and pass its path")
        }
        return .plain
    }

    private func decompress(
        _ piece: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) throws(UnpackError) -> Void
    ) throws(UnpackError) {
        switch format {
        case .plain, nil: try unsafe output(piece)
        case .gzip: try unsafe inflatePiece(piece, output)
        case .bzip2: try unsafe expandBzip2(piece, output)
        case .xz: try unsafe expandXZ(piece, output)
        }
    }

    private func emit(
        _ count: Int, _ output: (UnsafeRawBufferPointer) throws(UnpackError) -> Void
    ) throws(UnpackError) {
        if count == 0 { return }
        var failure: UnpackError?
        unsafe chunk.withUnsafeBytes { bytes in
            do throws(UnpackError) {
                try unsafe output(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private func inflatePiece(
        _ piece: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) throws(UnpackError) -> Void
    ) throws(UnpackError) {
        unsafe gzip.next_in = UnsafeMutablePointer(mutating: piece.baseAddress?.assumingMemoryBound(to: UInt8.self))
        unsafe gzip.avail_in = UInt32(truncatingIfNeeded: piece.count)
        while true {
            if hasEnded {
                // Several streams may follow one another; zeros pad the last one.
                guard unsafe gzip.avail_in > 0, unsafe gzip.next_in.pointee == 0x1F else { return }
                guard unsafe inflateReset(&gzip) == Z_OK else { throw .malformed("cannot be decompressed") }
                hasEnded = false
            }
            let capacity = chunk.count
            let (code, left) = unsafe chunk.withUnsafeMutableBufferPointer { buffer in
                unsafe gzip.next_out = buffer.baseAddress
                unsafe gzip.avail_out = UInt32(capacity)
                return unsafe (inflate(&gzip, Z_NO_FLUSH), Int(gzip.avail_out))
            }
            guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else {
                throw .malformed("has damaged gzip data")
            }
            unsafe try emit(capacity - left, output)
            if code == Z_STREAM_END { hasEnded = true } else if left > 0 { return }
        }
    }

    private func expandBzip2(
        _ piece: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) throws(UnpackError) -> Void
    ) throws(UnpackError) {
        unsafe bzip2.next_in = UnsafeMutablePointer(mutating: piece.baseAddress?.assumingMemoryBound(to: CChar.self))
        unsafe bzip2.avail_in = UInt32(truncatingIfNeeded: piece.count)
        while true {
            if hasEnded {
                guard unsafe bzip2.avail_in > 0, unsafe bzip2.next_in.pointee == CChar(UInt8(ascii: "B")) else {
                    return
                }
                let (next, count) = unsafe (bzip2.next_in, bzip2.avail_in)
                unsafe BZ2_bzDecompressEnd(&bzip2)
                unsafe bzip2 = bz_stream()
                guard unsafe BZ2_bzDecompressInit(&bzip2, 0, 0) == BZ_OK else {
                    throw .malformed("cannot be decompressed: there is too little memory")
                }
                unsafe (bzip2.next_in, bzip2.avail_in) = unsafe (next, count)
                hasEnded = false
            }
            let capacity = chunk.count
            let (code, left) = unsafe chunk.withUnsafeMutableBytes { buffer in
                unsafe bzip2.next_out = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
                unsafe bzip2.avail_out = UInt32(capacity)
                return unsafe (BZ2_bzDecompress(&bzip2), Int(bzip2.avail_out))
            }
            guard code == BZ_OK || code == BZ_STREAM_END else { throw .malformed("has damaged bzip2 data") }
            unsafe try emit(capacity - left, output)
            if code == BZ_STREAM_END { hasEnded = true } else if left > 0 { return }
        }
    }

    private func expandXZ(
        _ piece: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) throws(UnpackError) -> Void
    ) throws(UnpackError) {
        unsafe xz.next_in = piece.baseAddress?.assumingMemoryBound(to: UInt8.self)
        unsafe xz.avail_in = piece.count
        while true {
            let (code, left) = stepXZ(LZMA_RUN)
            guard code == LZMA_OK || code == LZMA_BUF_ERROR || code == LZMA_STREAM_END else {
                throw .malformed("has damaged xz data")
            }
            unsafe try emit(chunk.count - left, output)
            if code == LZMA_STREAM_END || left > 0 { return }
        }
    }

    private func finishXZ(
        _ output: (UnsafeRawBufferPointer) throws(UnpackError) -> Void
    ) throws(UnpackError) {
        unsafe xz.next_in = nil
        unsafe xz.avail_in = 0
        while true {
            let (code, left) = stepXZ(LZMA_FINISH)
            guard code == LZMA_OK || code == LZMA_STREAM_END else { throw .malformed("is cut off") }
            unsafe try emit(chunk.count - left, output)
            if code == LZMA_STREAM_END { return }
        }
    }

    private func stepXZ(_ action: lzma_action) -> (code: lzma_ret, left: Int) {
        let capacity = chunk.count
        return unsafe chunk.withUnsafeMutableBufferPointer { buffer in
            unsafe xz.next_out = buffer.baseAddress
            unsafe xz.avail_out = capacity
            return unsafe (lzma_code(&xz, action), Int(xz.avail_out))
        }
    }
}
