/// The entries of an encoded program, each of which is decoded and checked when something first refers to it. What was
/// decoded is collected in `part`.
struct EncodedEntries: EntrySource {
    var decoder: ProgramDecoder
    let index: ProgramIndex
    /// The entries that were decoded since the last part.
    var part = ProgramPart()
    /// Why an entry could not be decoded. It replaces the code that the verifier then throws.
    private(set) var decodeError: DecodeError?

    var symbols: [Bool]
    /// The kind of each constant: 0 not decoded yet, 1 a string, 2 another kind.
    var constants: [UInt8]
    /// The number of names of each shape; -1 if it is not decoded yet.
    var shapes: [Int32]
    var formals: [Int: Formals] = [:]
    /// The packed outline of each chunk; 0 if it is not decoded yet.
    var chunks: [UInt32]
    var isVerified: [Bool]
    /// Lambdas with a pattern that were referred to. Their code is needed at once, because making the closure needs the
    /// formals.
    var patterns: [Int] = []

    init(_ decoder: ProgramDecoder, _ index: ProgramIndex) {
        self.decoder = decoder
        self.index = index
        symbols = Array(repeating: false, count: index.count(.symbols))
        constants = Array(repeating: 0, count: index.count(.constants))
        shapes = Array(repeating: -1, count: index.count(.shapes))
        chunks = Array(repeating: 0, count: index.count(.chunks))
        isVerified = Array(repeating: false, count: chunks.count)
    }

    var hasSpans: Bool { decoder.hasSpans }

    var counts: EntryCounts {
        EntryCounts(
            symbols: symbols.count, constants: constants.count, shapes: shapes.count, formals: index.count(.formals),
            chunks: chunks.count)
    }

    /// Decodes an entry, and records the error if that fails.
    @inline(__always)
    mutating func read<Entry>(
        _ section: ProgramFormat.Section, _ entry: Int,
        _ body: (inout ProgramDecoder, UInt32) throws(DecodeError.Code) -> Entry
    ) throws(Failure) -> Entry {
        do throws(DecodeError.Code) {
            return try body(&decoder, index.start(section, entry))
        } catch {
            decodeError = DecodeError(error, at: decoder.itemStart)
            throw .invalidHeader
        }
    }
}

extension ChunkOutline {
    /// The outline in 32 bits, which are never 0. The outline must be within `ProgramLimits`.
    var packed: UInt32 {
        1 << 31 | UInt32(arity) << 19 | upvalueCount << 3 | (capturesWith ? 4 : 0) | UInt32(kind.rawValue)
    }

    @inline(__always)
    init?(packed: UInt32) {
        guard packed != 0, let kind = Chunk.Kind(rawValue: UInt8(packed & 3)) else { return nil }
        self.init(
            kind: kind, arity: Int(packed >> 19 & 0xFF), upvalueCount: Int(packed >> 3 & 0xFFFF),
            capturesWith: packed & 4 != 0)
    }
}
