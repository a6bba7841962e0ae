/// An encoded program that is decoded and verified chunk by chunk, as it runs.
///
/// A chunk is verified when it is first requested, together with everything that it refers to, so no unverified code
/// ever runs. The remaining checks of a whole program (that symbols are unique, and that unused chunks are valid) do
/// not affect the machine's safety.
public final class IndexedProgram {
    private var verifier: Verifier<EncodedEntries>
    /// Why an entry was rejected. No further part is made, because the entries of the failed one were lost.
    private var rejection: ProgramRejection?
    /// The line table, decoded on each access; nil if the program is stripped or the table is malformed.
    public var lines: EncodedLines? {
        guard verifier.hasSpans else { return nil }
        return EncodedLines(verifier.entries.decoder.bytes, from: Int(index.start(.lines, 0)))
    }

    /// Bytes that the program takes, without the parts.
    public var memoryBytes: Int {
        verifier.entries.decoder.bytes.count + symbolCount * 5 + constantCount + shapeCount * 4 + formalsCount * 2
            + chunkCount * 9
    }

    /// Encodes a program with an index, for `init`.
    ///
    /// - Throws: an error if the encoding exceeds 4 GiB.
    public static func bytes(of program: Program) throws(DecodeError) -> [UInt8] {
        try ProgramIndex.bytes(indexing: program.encoded())
    }

    /// - Parameter bytes: the result of `bytes(of:)`.
    /// - Throws: an error if the bytes are incomplete, damaged, or of another version.
    public init(_ bytes: [UInt8]) throws(ProgramRejection) {
        guard let index = ProgramIndex(bytes) else { throw .malformed(DecodeError(.badMagic, at: 0)) }
        var decoder = ProgramDecoder(bytes, from: index.programStart)
        do throws(DecodeError.Code) {
            guard try decoder.header() == ProgramFormat.compilerVersion else { throw .unsupportedVersion }
        } catch { throw .malformed(DecodeError(error, at: decoder.itemStart)) }
        verifier = Verifier(EncodedEntries(decoder, index), shouldCancel: nil)
        guard index.count(.chunks) > 0 else { throw .unsafe(VerificationError(.noChunks, at: .program)) }
    }

    private var index: ProgramIndex { verifier.entries.index }

    public var symbolCount: Int { index.count(.symbols) }
    public var constantCount: Int { index.count(.constants) }
    public var shapeCount: Int { index.count(.shapes) }
    public var formalsCount: Int { index.count(.formals) }
    public var chunkCount: Int { index.count(.chunks) }

    /// Decodes and verifies a chunk, together with everything that it needs and that no earlier part has.
    ///
    /// - Throws: the reason for rejecting the program, and the same one from then on.
    public func part(_ chunk: Int) throws(ProgramRejection) -> ProgramPart {
        if let rejection { throw rejection }
        verifier.entries.part = ProgramPart()
        do throws(VerificationError) {
            try verifier.verifyChunk(chunk)
        } catch {
            let found = verifier.entries.decodeError.map(ProgramRejection.malformed) ?? .unsafe(error)
            rejection = found
            throw found
        }
        return verifier.entries.part
    }

    /// The bytes from which the program was made.
    public var bytes: [UInt8] { verifier.entries.decoder.bytes }

    /// A chunk, decoded on each call and not verified, so that only messages may depend on it; nil if there is none or it
    /// is malformed.
    public func chunk(_ index: Int) -> Chunk? {
        guard index < chunkCount else { return nil }
        var decoder = verifier.entries.decoder
        return try? decoder.chunk(at: self.index.start(.chunks, index))
    }

    /// Formals, with the same reservations as `chunk`.
    public func formals(_ index: Int) -> Formals? {
        guard index < formalsCount else { return nil }
        var decoder = verifier.entries.decoder
        return try? decoder.formals(at: self.index.start(.formals, index))
    }

    /// The instruction spans of a chunk, decoded on each call; empty if the program is stripped or they are malformed.
    /// Only positions in messages depend on them.
    public func instructionSpans(of chunk: Int) -> [InstructionSpan] {
        guard verifier.hasSpans, chunk < chunkCount else { return [] }
        var decoder = verifier.entries.decoder
        return (try? decoder.chunk(at: index.start(.chunks, chunk)).instructionSpans) ?? []
    }
}
