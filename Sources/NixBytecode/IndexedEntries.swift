/// The entries of an encoded program, read and checked when first named. What is new since the last part is collected
/// in `part`.
final class IndexedEntries {
    private var decoder: ProgramDecoder
    private let index: ProgramIndex
    var part = IndexedPart()
    /// Why an entry could not be read. The verifier then fails with some code of its own, which does not matter.
    private(set) var decodeError: DecodeError?

    private var knownSymbols: [Bool]
    /// 0 unknown, 1 a string, 2 another kind.
    private var constantKinds: [UInt8]
    /// Number of names; -1 unknown.
    private var shapeSizes: [Int32]
    private var knownFormals: [Int: Formals] = [:]
    /// Packed outlines of chunks; 0 unknown.
    private var outlines: [UInt32]
    /// Functions with a pattern that were named: their code is wanted at once, for their formals.
    var patterns: [Int] = []

    init(_ decoder: ProgramDecoder, _ index: ProgramIndex) {
        self.decoder = decoder
        self.index = index
        knownSymbols = Array(repeating: false, count: index.count(.symbols))
        constantKinds = Array(repeating: 0, count: index.count(.constants))
        shapeSizes = Array(repeating: -1, count: index.count(.shapes))
        outlines = Array(repeating: 0, count: index.count(.chunks))
    }

    var hasSpans: Bool { decoder.hasSpans }

    func count(_ section: ProgramFormat.Section) -> Int { index.count(section) }

    /// Reads an entry; what is wrong with it is kept.
    private func read<Entry>(
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

    func useSymbol(_ entry: Int) throws(VerificationError.Code) {
        if knownSymbols[entry] { return }
        let name = try read(.symbols, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.symbol(at: start)
        }
        knownSymbols[entry] = true
        part.symbols.append((entry, name))
    }

    func isString(_ entry: Int, _ verifier: inout Verifier) throws(VerificationError.Code) -> Bool {
        if constantKinds[entry] != 0 { return constantKinds[entry] == 1 }
        let constant = try read(.constants, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.constant(at: start)
        }
        try verifier.check(constant)
        part.constants.append((entry, constant))
        if case .string = constant { constantKinds[entry] = 1 } else { constantKinds[entry] = 2 }
        return constantKinds[entry] == 1
    }

    func shapeSize(_ entry: Int, _ verifier: inout Verifier) throws(VerificationError.Code) -> Int {
        if shapeSizes[entry] >= 0 { return Int(shapeSizes[entry]) }
        let shape = try read(.shapes, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.shape(at: start)
        }
        try verifier.check(shape)
        part.shapes.append((entry, shape))
        shapeSizes[entry] = Int32(truncatingIfNeeded: shape.names.count)
        return shape.names.count
    }

    func formals(_ entry: Int, _ verifier: inout Verifier) throws(VerificationError.Code) -> Formals {
        if let known = knownFormals[entry] { return known }
        let formals = try read(.formals, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.formals(at: start)
        }
        try verifier.check(formals)
        part.formals.append((entry, formals))
        knownFormals[entry] = formals
        return formals
    }

    /// A chunk that code refers to. Its code is not looked at yet.
    func outline(_ entry: Int, _ verifier: inout Verifier) throws(VerificationError.Code) -> ChunkOutline {
        if let known = ChunkOutline(packed: outlines[entry]) { return known }
        // Most thunks are never run; the rest of a header is checked with the code.
        let thunk = try read(.chunks, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.thunkOutline(at: start)
        }
        if let thunk {
            guard entry > 0 else { throw .chunkKind }
            outlines[entry] = thunk.packed
            part.outlines.append((entry, thunk))
            return thunk
        }
        let chunk = try read(.chunks, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.chunkWithoutCode(at: start)
        }
        try verifier.checkHeader(entry, chunk)
        let outline = ChunkOutline(chunk)
        outlines[entry] = outline.packed
        part.outlines.append((entry, outline))
        guard chunk.kind == .lambda else { return outline }
        try verifier.verifySpans(chunk)
        part.functions.append((entry, chunk))
        if chunk.formals != nil { patterns.append(entry) }
        return outline
    }

    func chunk(_ entry: Int) throws(VerificationError.Code) -> Chunk {
        try read(.chunks, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.chunk(at: start)
        }
    }

    func lines() throws(VerificationError.Code) -> LineTable? {
        guard hasSpans else { return nil }
        return try read(.lines, 0) { (decoder, start) throws(DecodeError.Code) in try decoder.lines(from: start) }
    }
}

extension ChunkOutline {
    /// Of a chunk within `ProgramLimits`; never 0.
    fileprivate var packed: UInt32 {
        1 << 31 | UInt32(arity) << 19 | upvalueCount << 3 | (capturesWith ? 4 : 0) | UInt32(kind.rawValue)
    }

    fileprivate init?(packed: UInt32) {
        guard packed != 0, let kind = Chunk.Kind(rawValue: UInt8(packed & 3)) else { return nil }
        self.init(
            kind: kind, arity: Int(packed >> 19 & 0xFF), upvalueCount: Int(packed >> 3 & 0xFFFF),
            capturesWith: packed & 4 != 0)
    }
}
