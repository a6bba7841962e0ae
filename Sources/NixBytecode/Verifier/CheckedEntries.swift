/// What was read of an encoded program's entries: each is read and checked when it is first named.
struct CheckedEntries {
    var decoder: ProgramDecoder
    let index: ProgramIndex
    /// What is new since the last part.
    var part = IndexedPart()
    /// Why an entry could not be read. The verifier then fails with some code of its own, which does not matter.
    private(set) var decodeError: DecodeError?

    var symbols: [Bool]
    /// 0 unknown, 1 a string, 2 another kind.
    var constants: [UInt8]
    /// Number of names; -1 unknown.
    var shapes: [Int32]
    var formals: [Int: Formals] = [:]
    /// Packed outlines of chunks; 0 unknown.
    var chunks: [UInt32]
    var isProved: [Bool]
    /// Functions with a pattern that were named: their code is wanted at once, for their formals.
    var patterns: [Int] = []

    /// Of a program that is there whole: nothing is read.
    init() { self.init(ProgramDecoder([]), ProgramIndex()) }

    init(_ decoder: ProgramDecoder, _ index: ProgramIndex) {
        self.decoder = decoder
        self.index = index
        symbols = Array(repeating: false, count: index.count(.symbols))
        constants = Array(repeating: 0, count: index.count(.constants))
        shapes = Array(repeating: -1, count: index.count(.shapes))
        chunks = Array(repeating: 0, count: index.count(.chunks))
        isProved = Array(repeating: false, count: chunks.count)
    }

    /// Reads an entry; what is wrong with it is kept.
    @inline(__always)
    mutating func read<Entry>(
        _ section: ProgramFormat.Section, _ entry: Int,
        _ body: (inout ProgramDecoder, UInt32) throws(DecodeError.Code) -> Entry
    ) throws(VerificationError.Code) -> Entry {
        do throws(DecodeError.Code) {
            return try body(&decoder, index.start(section, entry))
        } catch {
            decodeError = DecodeError(error, at: decoder.itemStart)
            throw .invalidHeader
        }
    }
}

extension ChunkOutline {
    /// Of a chunk within `ProgramLimits`; never 0.
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
