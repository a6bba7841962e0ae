/// Access to the entries that a chunk refers to. The program is in memory as a whole, or its entries are decoded and
/// checked at the first reference.
extension Verifier {
    typealias Failure = VerificationError.Code

    var chunkCount: Int { isIndexed ? entries.chunks.count : program.chunks.count }

    mutating func useSymbol(_ index: Int) throws(Failure) {
        guard isIndexed else {
            guard index < program.symbols.count else { throw .symbolOutOfRange }
            return
        }
        guard index < entries.symbols.count else { throw .symbolOutOfRange }
        if !entries.symbols[index] { try readSymbol(index) }
    }

    /// Whether a constant is a string.
    mutating func isString(_ index: Int) throws(Failure) -> Bool {
        guard isIndexed else {
            guard index < program.constants.count else { throw .constantOutOfRange }
            if case .string = program.constants[index] { return true }
            return false
        }
        guard index < entries.constants.count else { throw .constantOutOfRange }
        if entries.constants[index] == 0 { try readConstant(index) }
        return entries.constants[index] == 1
    }

    /// The number of names of a shape.
    mutating func shapeSize(_ index: Int) throws(Failure) -> Int {
        guard isIndexed else {
            guard index < program.shapes.count else { throw .shapeOutOfRange }
            return program.shapes[index].names.count
        }
        guard index < entries.shapes.count else { throw .shapeOutOfRange }
        if entries.shapes[index] < 0 { try readShape(index) }
        return Int(entries.shapes[index])
    }

    mutating func formals(_ index: Int) throws(Failure) -> [Formals.Formal] {
        guard isIndexed else {
            guard index < program.formals.count else { throw .formalsOutOfRange }
            return program.formals[index].formals
        }
        guard index < entries.index.count(.formals) else { throw .formalsOutOfRange }
        if let formals = entries.formals[index] { return formals.formals }
        return try readFormals(index).formals
    }

    /// The outline of a chunk that code refers to. Its header is verified already if the program is in memory as a
    /// whole; its code need not be.
    mutating func child(_ index: Int) throws(Failure) -> ChunkOutline {
        guard index < chunkCount else { throw .chunkOutOfRange }
        guard isIndexed else { return ChunkOutline(program.chunks[index]) }
        if let outline = ChunkOutline(packed: entries.chunks[index]) { return outline }
        return try readOutline(index)
    }
}

/// Verification of single chunks of an encoded program, as their code is requested.
extension Verifier {
    /// Verifies a chunk, and the chunks whose code is needed with it.
    mutating func verifyChunk(_ index: Int) throws(VerificationError) {
        entries.patterns = [index]
        while let next = entries.patterns.popLast() { try verifyCode(next) }
    }

    private mutating func verifyCode(_ index: Int) throws(VerificationError) {
        guard index < chunkCount else { throw VerificationError(.chunkOutOfRange, at: .program) }
        guard !entries.isVerified[index] else { return }
        entries.isVerified[index] = true
        let chunk: Chunk
        do throws(Failure) {
            let outline = try child(index)
            chunk = try entries.read(.chunks, index) { (decoder, start) throws(DecodeError.Code) in
                try decoder.chunkWithoutInstructionSpans(at: start)
            }
            if outline.kind == .thunk { try checkHeader(index, chunk) }
            try verifySpans(chunk)
        } catch { throw VerificationError(error, at: .chunk(index)) }
        try ChunkVerifier.verify(index, chunk, &self)
        entries.part.code.append((index, chunk))
    }
}

/// Decoding and checking of entries at the first reference.
extension Verifier {
    @inline(never)
    private mutating func readSymbol(_ entry: Int) throws(Failure) {
        let name = try entries.read(.symbols, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.symbol(at: start)
        }
        entries.symbols[entry] = true
        entries.part.symbols.append((entry, name))
    }

    @inline(never)
    private mutating func readConstant(_ entry: Int) throws(Failure) {
        let constant = try entries.read(.constants, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.constant(at: start)
        }
        try check(constant)
        entries.part.constants.append((entry, constant))
        if case .string = constant { entries.constants[entry] = 1 } else { entries.constants[entry] = 2 }
    }

    @inline(never)
    private mutating func readShape(_ entry: Int) throws(Failure) {
        let shape = try entries.read(.shapes, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.shape(at: start)
        }
        try check(shape)
        entries.shapes[entry] = Int32(truncatingIfNeeded: shape.names.count)
        entries.part.shapes.append((entry, shape))
    }

    @inline(never)
    private mutating func readFormals(_ entry: Int) throws(Failure) -> Formals {
        let formals = try entries.read(.formals, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.formals(at: start)
        }
        try check(formals)
        entries.part.formals.append((entry, formals))
        entries.formals[entry] = formals
        return formals
    }

    @inline(never)
    private mutating func readOutline(_ entry: Int) throws(Failure) -> ChunkOutline {
        // Most thunks never run, so the rest of their header is checked with the code.
        let thunk = try entries.read(.chunks, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.thunkOutline(at: start)
        }
        if let thunk {
            guard entry > 0 else { throw .chunkKind }
            entries.chunks[entry] = thunk.packed
            entries.part.outlines.append((entry, thunk))
            return thunk
        }
        let chunk = try entries.read(.chunks, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.chunkWithoutCode(at: start)
        }
        try checkHeader(entry, chunk)
        let outline = ChunkOutline(chunk)
        entries.chunks[entry] = outline.packed
        entries.part.outlines.append((entry, outline))
        guard chunk.kind == .lambda else { return outline }
        try verifySpans(chunk)
        entries.part.functions.append((entry, chunk))
        if chunk.formals != nil { entries.patterns.append(entry) }
        return outline
    }
}
