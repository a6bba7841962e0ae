/// What a chunk refers to: entries of a program that is there whole, or that are read and checked when first named.
extension Verifier {
    typealias Failure = VerificationError.Code

    var chunkCount: Int { isIndexed ? known.chunks.count : program.chunks.count }

    mutating func useSymbol(_ index: Int) throws(Failure) {
        guard isIndexed else {
            guard index < program.symbols.count else { throw .symbolOutOfRange }
            return
        }
        guard index < known.symbols.count else { throw .symbolOutOfRange }
        if !known.symbols[index] { try readSymbol(index) }
    }

    /// Whether a constant is a string.
    mutating func isString(_ index: Int) throws(Failure) -> Bool {
        guard isIndexed else {
            guard index < program.constants.count else { throw .constantOutOfRange }
            if case .string = program.constants[index] { return true }
            return false
        }
        guard index < known.constants.count else { throw .constantOutOfRange }
        if known.constants[index] == 0 { try readConstant(index) }
        return known.constants[index] == 1
    }

    /// How many names a shape has.
    mutating func shapeSize(_ index: Int) throws(Failure) -> Int {
        guard isIndexed else {
            guard index < program.shapes.count else { throw .shapeOutOfRange }
            return program.shapes[index].names.count
        }
        guard index < known.shapes.count else { throw .shapeOutOfRange }
        if known.shapes[index] < 0 { try readShape(index) }
        return Int(known.shapes[index])
    }

    mutating func formals(_ index: Int) throws(Failure) -> [Formals.Formal] {
        guard isIndexed else {
            guard index < program.formals.count else { throw .formalsOutOfRange }
            return program.formals[index].formals
        }
        guard index < known.index.count(.formals) else { throw .formalsOutOfRange }
        if let known = known.formals[index] { return known.formals }
        return try readFormals(index).formals
    }

    /// A chunk that code refers to. Of a whole program its header is right; otherwise its code is not looked at yet.
    mutating func child(_ index: Int) throws(Failure) -> ChunkOutline {
        guard index < chunkCount else { throw .chunkOutOfRange }
        guard isIndexed else { return ChunkOutline(program.chunks[index]) }
        if let outline = ChunkOutline(packed: known.chunks[index]) { return outline }
        return try readOutline(index)
    }
}

/// Chunks of an encoded program, as their code is asked for.
extension Verifier {
    /// Proves a chunk, and those whose code is wanted with it.
    mutating func prove(_ index: Int) throws(VerificationError) {
        known.patterns = [index]
        while let next = known.patterns.popLast() { try proveOne(next) }
    }

    private mutating func proveOne(_ index: Int) throws(VerificationError) {
        guard index < chunkCount else { throw VerificationError(.chunkOutOfRange, at: .program) }
        guard !known.isProved[index] else { return }
        known.isProved[index] = true
        let chunk: Chunk
        do throws(Failure) {
            let outline = try child(index)
            chunk = try known.read(.chunks, index) { (decoder, start) throws(DecodeError.Code) in
                try decoder.chunkWithoutInstructionSpans(at: start)
            }
            if outline.kind == .thunk { try checkHeader(index, chunk) }
            try verifySpans(chunk)
        } catch { throw VerificationError(error, at: .chunk(index)) }
        try ChunkVerifier.verify(index, chunk, &self)
        known.part.code.append((index, chunk))
    }
}

/// Entries of an encoded program that are named for the first time.
extension Verifier {
    @inline(never)
    private mutating func readSymbol(_ entry: Int) throws(Failure) {
        let name = try known.read(.symbols, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.symbol(at: start)
        }
        known.symbols[entry] = true
        known.part.symbols.append((entry, name))
    }

    @inline(never)
    private mutating func readConstant(_ entry: Int) throws(Failure) {
        let constant = try known.read(.constants, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.constant(at: start)
        }
        try check(constant)
        known.part.constants.append((entry, constant))
        if case .string = constant { known.constants[entry] = 1 } else { known.constants[entry] = 2 }
    }

    @inline(never)
    private mutating func readShape(_ entry: Int) throws(Failure) {
        let shape = try known.read(.shapes, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.shape(at: start)
        }
        try check(shape)
        known.shapes[entry] = Int32(truncatingIfNeeded: shape.names.count)
        known.part.shapes.append((entry, shape))
    }

    @inline(never)
    private mutating func readFormals(_ entry: Int) throws(Failure) -> Formals {
        let formals = try known.read(.formals, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.formals(at: start)
        }
        try check(formals)
        known.part.formals.append((entry, formals))
        known.formals[entry] = formals
        return formals
    }

    @inline(never)
    private mutating func readOutline(_ entry: Int) throws(Failure) -> ChunkOutline {
        // Most thunks are never run; the rest of a header is checked with the code.
        let thunk = try known.read(.chunks, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.thunkOutline(at: start)
        }
        if let thunk {
            guard entry > 0 else { throw .chunkKind }
            known.chunks[entry] = thunk.packed
            known.part.outlines.append((entry, thunk))
            return thunk
        }
        let chunk = try known.read(.chunks, entry) { (decoder, start) throws(DecodeError.Code) in
            try decoder.chunkWithoutCode(at: start)
        }
        try checkHeader(entry, chunk)
        let outline = ChunkOutline(chunk)
        known.chunks[entry] = outline.packed
        known.part.outlines.append((entry, outline))
        guard chunk.kind == .lambda else { return outline }
        try verifySpans(chunk)
        known.part.functions.append((entry, chunk))
        if chunk.formals != nil { known.patterns.append(entry) }
        return outline
    }
}
