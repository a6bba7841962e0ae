/// An encoded program that is decoded and verified chunk by chunk, as it is run.
///
/// A chunk is proved when it is first asked for, with everything that it names; so code that was not proved never runs.
/// What the verifier proves of a whole program and not of a chunk (that no symbol stands twice, that every chunk is
/// right) does not bear on the machine's safety.
public final class IndexedProgram {
    private let entries: IndexedEntries
    private var verifier: Verifier
    private var isProved: [Bool]
    /// Why an entry was refused. What the part before it read was given to nobody, so no other part can be made.
    private var rejection: ProgramRejection?
    /// What turns byte offsets into lines; nil when the program is stripped. Read anew each time.
    public var lines: LineTable? { try? entries.lines() }

    /// The bytes to keep of an encoded program, for `init`.
    public static func bytes(of program: Program) throws(DecodeError) -> [UInt8] {
        try ProgramIndex.bytes(indexing: program.encoded())
    }

    /// - Parameter bytes: as `bytes(of:)` made them.
    /// - Throws: when they were cut or changed, or are of another version.
    public init(_ bytes: [UInt8]) throws(ProgramRejection) {
        guard let index = ProgramIndex(bytes) else { throw .malformed(DecodeError(.badMagic, at: 0)) }
        var decoder = ProgramDecoder(bytes, from: index.programStart)
        do throws(DecodeError.Code) {
            guard try decoder.header() == ProgramFormat.compilerVersion else { throw .unsupportedVersion }
        } catch { throw .malformed(DecodeError(error, at: decoder.itemStart)) }
        entries = IndexedEntries(decoder, index)
        verifier = Verifier(entries)
        isProved = Array(repeating: false, count: entries.count(.chunks))
        guard entries.count(.chunks) > 0 else { throw .unsafe(VerificationError(.noChunks, at: .program)) }
    }

    public var symbolCount: Int { entries.count(.symbols) }
    public var constantCount: Int { entries.count(.constants) }
    public var shapeCount: Int { entries.count(.shapes) }
    public var formalsCount: Int { entries.count(.formals) }
    public var chunkCount: Int { entries.count(.chunks) }

    /// A chunk and what it needs that no part before brought, proved.
    public func part(_ chunk: Int) throws(ProgramRejection) -> IndexedPart {
        if let rejection { throw rejection }
        entries.part = IndexedPart()
        entries.patterns = []
        do throws(VerificationError) {
            try prove(chunk)
            while let next = entries.patterns.popLast() { try prove(next) }
        } catch {
            let found = entries.decodeError.map(ProgramRejection.malformed) ?? .unsafe(error)
            rejection = found
            throw found
        }
        return entries.part
    }

    private func prove(_ index: Int) throws(VerificationError) {
        guard index < chunkCount else { throw VerificationError(.chunkOutOfRange, at: .program) }
        guard !isProved[index] else { return }
        isProved[index] = true
        let chunk: Chunk
        do throws(VerificationError.Code) {
            let outline = try entries.outline(index, &verifier)
            chunk = try entries.chunk(index)
            if outline.kind == .thunk { try verifier.checkHeader(index, chunk) }
            try verifier.verifySpans(chunk)
        } catch { throw VerificationError(error, at: .chunk(index)) }
        try ChunkVerifier.verify(index, chunk, &verifier)
        entries.part.code.append((index, chunk))
    }
}
