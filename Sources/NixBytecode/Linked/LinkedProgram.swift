import Glibc

/// A verified program in one block of memory, with an index, so that the machine uses its code and its tables where they
/// lie.
///
/// Nothing is checked when an entry is read. The bytes must be those that `bytes(linking:)` made, which whoever kept them
/// outside the process has to make sure of.
///
/// Layout, with all numbers little-endian and all offsets from the beginning:
/// - Words of 32 bits: the numbers of symbols, constants, shapes, formals and chunks; 1 if there are spans, else 0; the
///   offset of the differences between line starts; the number of all bytes.
/// - For each symbol, constant, shape and formals, a word with the offset of its encoding.
/// - For each chunk, a word with the offset of its encoding, and one with that of its needs (`ChunkNeeds`).
/// - The needs.
/// - The encoded program, which protocol/bytecode.md describes.
@safe public final class LinkedProgram: @unchecked Sendable {
    /// The version of the layout.
    public static let version = 1
    /// The number of words before the offsets of the entries.
    static let headerWords = 8
    /// Bytes that may be read behind the last entry: the loop reads operands without looking for the end of the code.
    public static let slack = 16

    /// The allocation; nil if the bytes are somebody else's. Nothing writes to it once the initialiser has returned, so
    /// threads may share the program.
    private let block: UnsafeMutableRawPointer?
    private let base: UnsafeRawPointer
    /// The bytes of the program.
    public let byteCount: Int
    public let symbolCount: Int
    public let constantCount: Int
    public let shapeCount: Int
    public let formalsCount: Int
    public let chunkCount: Int
    public let hasSpans: Bool

    /// Makes a program of bytes that `fill` writes.
    ///
    /// - Parameters:
    ///   - byteCount: the number of the program's bytes.
    ///   - prefix: the number of bytes before them, a multiple of 8.
    ///   - fill: writes `prefix + byteCount` bytes, and says whether it could. Those after the prefix must be a result of
    ///     `bytes(linking:)`. It is not called if the system has no memory.
    /// - Returns: nil if `fill` could not, or the system has no memory.
    public convenience init?(byteCount: Int, prefix: Int = 0, _ fill: (UnsafeMutableRawBufferPointer) -> Bool) {
        let size = prefix + byteCount
        guard byteCount >= 4 * Self.headerWords, let block = unsafe malloc(size + Self.slack) else { return nil }
        unsafe memset(block + size, 0, Self.slack)
        guard unsafe fill(UnsafeMutableRawBufferPointer(start: block, count: size)) else {
            unsafe free(block)
            return nil
        }
        unsafe self.init(base: UnsafeRawPointer(block + prefix), byteCount: byteCount, block: block)
    }

    /// A program whose bytes are somebody else's, who keeps them as long as it is used, and with them 16 bytes that may be
    /// read behind them.
    ///
    /// - Parameter bytes: a result of `bytes(linking:)`.
    public convenience init?(borrowing bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 4 * Self.headerWords, let base = bytes.baseAddress else { return nil }
        unsafe self.init(base: base, byteCount: bytes.count, block: nil)
    }

    private init(base: UnsafeRawPointer, byteCount: Int, block: UnsafeMutableRawPointer?) {
        unsafe self.block = unsafe block
        unsafe self.base = unsafe base
        self.byteCount = byteCount
        func word(_ index: Int) -> Int {
            Int(UInt32(littleEndian: unsafe base.load(fromByteOffset: 4 * index, as: UInt32.self)))
        }
        symbolCount = word(0)
        constantCount = word(1)
        shapeCount = word(2)
        formalsCount = word(3)
        chunkCount = word(4)
        hasSpans = word(5) == 1
    }

    /// Makes a program of the result of `bytes(linking:)`.
    public convenience init?(_ bytes: [UInt8]) {
        unsafe self.init(byteCount: bytes.count) { buffer in
            unsafe buffer.copyBytes(from: bytes)
            return true
        }
    }

    deinit { unsafe free(block) }

    /// The bytes of the program, which are valid as long as it.
    public var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: byteCount) }

    /// Bytes that the program takes.
    public var memoryBytes: Int { byteCount + 256 }

    private func word(_ index: Int) -> Int {
        Int(UInt32(littleEndian: unsafe base.load(fromByteOffset: 4 &* index, as: UInt32.self)))
    }

    private func cursor(at offset: Int) -> ProgramCursor {
        unsafe ProgramCursor((base + offset).assumingMemoryBound(to: UInt8.self))
    }

    /// The number of words with offsets before those of a table.
    private var firstConstant: Int { Self.headerWords &+ symbolCount }
    private var firstShape: Int { firstConstant &+ constantCount }
    private var firstFormals: Int { firstShape &+ shapeCount }
    private var firstChunk: Int { firstFormals &+ formalsCount }

    // All indices below must be less than the count of the table.

    /// The encoding of a symbol: its text.
    public func symbolEntry(_ index: Int) -> ProgramCursor { unsafe cursor(at: word(Self.headerWords &+ index)) }
    /// The encoding of a constant.
    public func constantEntry(_ index: Int) -> ProgramCursor { unsafe cursor(at: word(firstConstant &+ index)) }
    /// The encoding of a shape.
    public func shapeEntry(_ index: Int) -> ProgramCursor { unsafe cursor(at: word(firstShape &+ index)) }
    /// The encoding of formals.
    public func formalsEntry(_ index: Int) -> ProgramCursor { unsafe cursor(at: word(firstFormals &+ index)) }
    /// The encoding of a chunk.
    public func chunkEntry(_ index: Int) -> ProgramCursor { unsafe cursor(at: word(firstChunk &+ 2 &* index)) }
    /// What running a chunk needs; see `ChunkNeeds` for the encoding.
    public func needs(ofChunk index: Int) -> ProgramCursor { unsafe cursor(at: word(firstChunk &+ 2 &* index &+ 1)) }

    /// The bytes from an entry to the end of the program, at most `limit`.
    private func copy(from entry: ProgramCursor, limit: Int) -> [UInt8] {
        let start = unsafe UnsafeRawPointer(entry.next)
        let count = unsafe min(limit, byteCount - (start - base))
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }
}

/// Decoding of entries for messages and the like. Each call decodes anew.
extension LinkedProgram {
    /// The bytes of a symbol.
    public func symbol(_ index: Int) -> [UInt8] {
        var entry = unsafe symbolEntry(index)
        return unsafe Array(entry.text())
    }

    public func shape(_ index: Int) -> Shape {
        unsafe decode(shapeEntry(index)) { (decoder) throws(DecodeError.Code) in try decoder.shape() }
            ?? Shape(names: [])
    }

    public func formals(_ index: Int) -> Formals {
        unsafe decode(formalsEntry(index)) { (decoder) throws(DecodeError.Code) in try decoder.formals() }
            ?? Formals(formals: [], hasEllipsis: false)
    }

    /// A chunk with code and spans.
    public func chunk(_ index: Int) -> Chunk {
        unsafe decode(chunkEntry(index)) { (decoder) throws(DecodeError.Code) in try decoder.chunk() }
            ?? Chunk(
                kind: .thunk, arity: 0, upvalueCount: 0, capturesWith: false, formals: nil, parameters: [], name: nil,
                spans: [], code: [], maximumStack: 0, instructionSpans: [])
    }

    /// The line table; nil if the program is stripped.
    public var lines: EncodedLines? {
        let offset = word(6)
        guard hasSpans, offset > 0, offset < byteCount else { return nil }
        return unsafe EncodedLines(copy(from: cursor(at: offset), limit: .max))
    }

    /// Decodes an entry from a copy of its bytes. The end of an entry is not known, so what is copied grows until it is
    /// in there.
    private func decode<Entry>(
        _ entry: ProgramCursor, _ read: (inout ProgramDecoder) throws(DecodeError.Code) -> Entry
    ) -> Entry? {
        var limit = 512
        while true {
            let bytes = unsafe copy(from: entry, limit: limit)
            var decoder = ProgramDecoder(entry: bytes, hasSpans: hasSpans)
            if let entry = try? read(&decoder) { return entry }
            guard bytes.count == limit else { return nil }
            limit *= 8
        }
    }
}
