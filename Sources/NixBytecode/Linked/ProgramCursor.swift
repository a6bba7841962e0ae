/// Reads the encoding of entries of a verified program where they lie, without any checks.
@unsafe public struct ProgramCursor {
    /// The next byte to be read.
    public private(set) var next: UnsafePointer<UInt8>

    init(_ start: UnsafePointer<UInt8>) { unsafe next = unsafe start }

    public mutating func byte() -> UInt8 {
        unsafe next += 1
        return unsafe next[-1]
    }

    public mutating func integer() -> UInt64 {
        var offset = 0
        let value = unsafe VU128.decodeVerified(next, at: &offset)
        unsafe next += offset
        return value
    }

    /// An index, a count, or a number of a program.
    public mutating func number() -> Int { Int(truncatingIfNeeded: unsafe integer()) }

    public mutating func signed() -> Int64 { VU128.unzigzag(unsafe integer()) }

    /// A number that may be absent.
    public mutating func optional() -> Int? {
        let value = unsafe number()
        return value == 0 ? nil : value &- 1
    }

    /// The span of a name in a program with spans.
    public mutating func optionalSpan() -> SourceSpan? {
        guard let start = unsafe optional() else { return nil }
        let length = unsafe number()
        return SourceSpan(
            start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: start &+ length))
    }

    /// The 64 bits of a float.
    public mutating func word() -> UInt64 {
        let value = unsafe UInt64(littleEndian: UnsafeRawPointer(next).loadUnaligned(as: UInt64.self))
        unsafe next += 8
        return value
    }

    public mutating func text() -> UnsafeBufferPointer<UInt8> {
        let count = unsafe number()
        let text = unsafe UnsafeBufferPointer(start: next, count: count)
        unsafe next += count
        return unsafe text
    }
}

/// What the machine needs of a chunk to run it, read from the chunk's encoding.
@unsafe public struct LinkedChunk {
    public let arity: Int
    public let maximumStack: Int
    /// The index of the chunk's formals; nil if it has none.
    public let formals: Int?
    public let code: UnsafeBufferPointer<UInt8>

    /// - Parameter entry: the encoding of a chunk.
    public init(_ entry: ProgramCursor) {
        var entry = unsafe entry
        let flags = ProgramFormat.ChunkFlags(rawValue: unsafe entry.byte() & ~ProgramFormat.ChunkFlags.kindMask)
        unsafe arity = unsafe entry.number()
        _ = unsafe entry.number()
        unsafe maximumStack = unsafe entry.number()
        unsafe formals = flags.contains(.formals) ? unsafe entry.number() : nil
        if flags.contains(.name) { _ = unsafe entry.number() }
        for _ in 0..<(unsafe entry.number()) { _ = unsafe entry.number() }
        unsafe code = unsafe entry.text()
    }
}
