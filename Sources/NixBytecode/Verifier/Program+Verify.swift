extension Program {
    /// Verifies that the machine can run the program safely, whatever values it handles. This takes time and memory
    /// proportional to the program's size. protocol/bytecode.md lists the guarantees.
    ///
    /// - Parameter shouldCancel: called about every 50 µs with the number of bytes that the verifier takes or is about to
    ///   take. When it returns true, verification ends with an error.
    /// - Throws: the first error, in the order symbols, constants, shapes, formals, lines, chunk headers, code.
    public func verify(shouldCancel: ((_ bytes: Int) -> Bool)? = nil) throws(VerificationError) {
        var verifier = try Verifier(self, shouldCancel: shouldCancel)
        try verifier.verify()
    }
}

extension Verifier {
    mutating func verify() throws(VerificationError) {
        try verifySymbols()
        for (index, constant) in program.constants.enumerated() {
            try at(.constant(index)) { (verifier) throws(Failure) in try verifier.check(constant) }
        }
        for (index, shape) in program.shapes.enumerated() {
            try at(.shape(index)) { (verifier) throws(Failure) in try verifier.check(shape) }
        }
        for (index, formals) in program.formals.enumerated() {
            try at(.formals(index)) { (verifier) throws(Failure) in try verifier.check(formals) }
        }
        try verifyLines()
        guard !program.chunks.isEmpty else { throw VerificationError(.noChunks, at: .program) }
        for (index, chunk) in program.chunks.enumerated() {
            try at(.chunk(index)) { (verifier) throws(Failure) in
                try verifier.charge()
                try verifier.checkHeader(index, chunk)
                try verifier.checkSpans(chunk)
            }
        }
        for (index, chunk) in program.chunks.enumerated() {
            try at(.chunk(index)) { (verifier) throws(Failure) in try verifier.charge() }
            try ChunkVerifier.verify(index, chunk, &self)
        }
    }

    private mutating func verifySymbols() throws(VerificationError) {
        let symbols = program.symbols
        // A hash set of arrays takes up to 24 bytes for each element, free buckets included.
        let bytes = symbols.count * 24
        try at(.program) { (verifier) throws(Failure) in try verifier.reserve(bytes) }
        var seen: Set<[UInt8]> = []
        seen.reserveCapacity(symbols.count)
        for (index, symbol) in symbols.enumerated() {
            try at(.symbol(index)) { (verifier) throws(Failure) in try verifier.charge() }
            guard seen.insert(symbol).inserted else { throw VerificationError(.duplicateSymbol, at: .symbol(index)) }
        }
        release(bytes)
    }

    private mutating func verifyLines() throws(VerificationError) {
        guard let starts = program.lines?.lineStarts else { return }
        try at(.program) { (verifier) throws(Failure) in
            guard starts.first == 0 else { throw .invalidSpan }
            for (line, next) in zip(starts, starts.dropFirst()) {
                try verifier.charge()
                guard line < next else { throw .invalidSpan }
            }
        }
    }
}
