/// An encoded program that is decoded and verified chunk by chunk, as it is run.
///
/// A chunk is proved when it is first asked for, with everything that it names; so code that was not proved never runs.
/// What the verifier proves of a whole program and not of a chunk (that no symbol stands twice, that every chunk is
/// right) does not bear on the machine's safety.
public final class IndexedProgram {
    private var verifier: Verifier
    /// Why an entry was refused. What the part before it read was given to nobody, so no other part can be made.
    private var rejection: ProgramRejection?
    /// What turns byte offsets into lines; nil when the program is stripped or they are damaged. Read anew each time.
    public var lines: EncodedLines? {
        guard verifier.hasSpans else { return nil }
        return EncodedLines(verifier.known.decoder.bytes, from: Int(index.start(.lines, 0)))
    }

    /// Bytes that it takes, without what parts bring.
    public var memoryBytes: Int {
        verifier.known.decoder.bytes.count + symbolCount * 5 + constantCount + shapeCount * 4 + formalsCount * 2
            + chunkCount * 9
    }

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
        verifier = Verifier(decoder, index)
        guard index.count(.chunks) > 0 else { throw .unsafe(VerificationError(.noChunks, at: .program)) }
    }

    private var index: ProgramIndex { verifier.known.index }

    public var symbolCount: Int { index.count(.symbols) }
    public var constantCount: Int { index.count(.constants) }
    public var shapeCount: Int { index.count(.shapes) }
    public var formalsCount: Int { index.count(.formals) }
    public var chunkCount: Int { index.count(.chunks) }

    /// A chunk and what it needs that no part before brought, proved.
    public func part(_ chunk: Int) throws(ProgramRejection) -> IndexedPart {
        if let rejection { throw rejection }
        verifier.known.part = IndexedPart()
        verifier.known.part.bytes = verifier.known.decoder.bytes
        do throws(VerificationError) {
            try verifier.prove(chunk)
        } catch {
            let found = verifier.known.decodeError.map(ProgramRejection.malformed) ?? .unsafe(error)
            rejection = found
            throw found
        }
        return verifier.known.part
    }

    /// The spans of a chunk's instructions; empty when the program is stripped or they are damaged. Few chunks are asked
    /// for them, and nothing but places in messages depends on them.
    public func instructionSpans(of chunk: Int) -> [InstructionSpan] {
        guard verifier.hasSpans, chunk < chunkCount else { return [] }
        var decoder = verifier.known.decoder
        return (try? decoder.chunk(at: index.start(.chunks, chunk)).instructionSpans) ?? []
    }
}
