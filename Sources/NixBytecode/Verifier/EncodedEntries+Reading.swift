/// Access to the entries, which reads one at the first reference.
extension EncodedEntries {
    static func useSymbol(_ index: Int, _ verifier: inout Verifier<Self>) throws(Failure) {
        guard index < verifier.entries.symbols.count else { throw .symbolOutOfRange }
        if !verifier.entries.symbols[index] { try verifier.readSymbol(index) }
    }

    static func isString(_ index: Int, _ verifier: inout Verifier<Self>) throws(Failure) -> Bool {
        guard index < verifier.entries.constants.count else { throw .constantOutOfRange }
        if verifier.entries.constants[index] == 0 { try verifier.readConstant(index) }
        return verifier.entries.constants[index] == 1
    }

    static func shapeSize(_ index: Int, _ verifier: inout Verifier<Self>) throws(Failure) -> Int {
        guard index < verifier.entries.shapes.count else { throw .shapeOutOfRange }
        if verifier.entries.shapes[index] < 0 { try verifier.readShape(index) }
        return Int(verifier.entries.shapes[index])
    }

    static func formals(_ index: Int, _ verifier: inout Verifier<Self>) throws(Failure) -> [Formals.Formal] {
        guard index < verifier.counts.formals else { throw .formalsOutOfRange }
        if let formals = verifier.entries.formals[index] { return formals.formals }
        return try verifier.readFormals(index).formals
    }

    static func outline(_ index: Int, _ verifier: inout Verifier<Self>) throws(Failure) -> ChunkOutline {
        guard index < verifier.entries.chunks.count else { throw .chunkOutOfRange }
        if let outline = ChunkOutline(packed: verifier.entries.chunks[index]) { return outline }
        return try verifier.readOutline(index)
    }
}

/// Verification of single chunks, as their code is requested.
extension Verifier where Entries == EncodedEntries {
    /// Verifies a chunk, and the chunks whose code is needed with it.
    mutating func verifyChunk(_ index: Int) throws(VerificationError) {
        entries.patterns = [index]
        while let next = entries.patterns.popLast() { try verifyCode(next) }
    }

    private mutating func verifyCode(_ index: Int) throws(VerificationError) {
        guard index < counts.chunks else { throw VerificationError(.chunkOutOfRange, at: .program) }
        guard !entries.isVerified[index] else { return }
        entries.isVerified[index] = true
        let chunk: Chunk
        do throws(Failure) {
            let outline = try outline(index)
            chunk = try entries.read(.chunks, index) { (decoder, start) throws(DecodeError.Code) in
                try decoder.chunkWithoutInstructionSpans(at: start)
            }
            if outline.kind == .thunk { try checkHeader(index, chunk) }
            try checkSpans(chunk)
        } catch { throw VerificationError(error, at: .chunk(index)) }
        try ChunkVerifier.verify(index, chunk, &self)
        entries.part.code.append(ProgramPart.Code(chunkIndex: index, chunk: chunk))
    }
}

/// Decoding and checking of entries at the first reference.
extension Verifier where Entries == EncodedEntries {
    @inline(never)
    fileprivate mutating func readSymbol(_ entry: Int) throws(Failure) {
        let name = try entries.read(.symbols, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.symbol(at: start)
        }
        entries.symbols[entry] = true
        entries.part.symbols.append(ProgramPart.Entry(name, at: entry))
    }

    @inline(never)
    fileprivate mutating func readConstant(_ entry: Int) throws(Failure) {
        let constant = try entries.read(.constants, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.constant(at: start)
        }
        try check(constant)
        entries.part.constants.append(ProgramPart.Entry(constant, at: entry))
        if case .string = constant { entries.constants[entry] = 1 } else { entries.constants[entry] = 2 }
    }

    @inline(never)
    fileprivate mutating func readShape(_ entry: Int) throws(Failure) {
        let shape = try entries.read(.shapes, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.shape(at: start)
        }
        try check(shape)
        entries.shapes[entry] = Int32(truncatingIfNeeded: shape.names.count)
        entries.part.shapes.append(ProgramPart.Entry(shape, at: entry))
    }

    @inline(never)
    fileprivate mutating func readFormals(_ entry: Int) throws(Failure) -> Formals {
        let formals = try entries.read(.formals, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.formals(at: start)
        }
        try check(formals)
        entries.part.formals.append(ProgramPart.Entry(formals, at: entry))
        entries.formals[entry] = formals
        return formals
    }

    @inline(never)
    fileprivate mutating func readOutline(_ entry: Int) throws(Failure) -> ChunkOutline {
        // Most thunks never run, so the rest of their header is checked with the code.
        let thunk = try entries.read(.chunks, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.thunkOutline(at: start)
        }
        if let thunk {
            guard entry > 0 else { throw .chunkKind }
            add(thunk, entry)
            return thunk
        }
        let chunk = try entries.read(.chunks, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.chunkWithoutCode(at: start)
        }
        try checkHeader(entry, chunk)
        let outline = ChunkOutline(chunk)
        add(outline, entry)
        guard chunk.kind == .lambda else { return outline }
        try checkSpans(chunk)
        entries.part.functions.append(ProgramPart.Code(chunkIndex: entry, chunk: chunk))
        if chunk.formals != nil { entries.patterns.append(entry) }
        return outline
    }

    private mutating func add(_ outline: ChunkOutline, _ entry: Int) {
        entries.chunks[entry] = outline.packed
        entries.part.outlines.append(ProgramPart.Entry(outline, at: entry))
    }
}
