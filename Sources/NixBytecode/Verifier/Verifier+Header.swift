extension Verifier {
    /// Checks the header of a chunk without the spans.
    mutating func checkHeader(_ index: Int, _ chunk: Chunk) throws(Failure) {
        guard (index == 0) == (chunk.kind == .topLevel) else { throw .chunkKind }
        try checkSizes(chunk)
        try checkNames(chunk)
        try claimFormals(chunk)
    }

    private func checkSizes(_ chunk: Chunk) throws(Failure) {
        guard chunk.arity <= ProgramLimits.arity, chunk.upvalueCount <= ProgramLimits.upvalues,
            chunk.code.count <= ProgramLimits.code, chunk.maximumStack <= ProgramLimits.stack
        else { throw .limitExceeded }
        let arities: ClosedRange<UInt32> =
            switch chunk.kind {
            case .topLevel: 0...1
            case .lambda: 1...UInt32(ProgramLimits.arity)
            case .thunk: 0...0
            }
        guard arities.contains(chunk.arity), !chunk.capturesWith || chunk.upvalueCount > 0,
            chunk.kind != .topLevel || chunk.upvalueCount == 0
        else { throw .invalidHeader }
    }

    private mutating func checkNames(_ chunk: Chunk) throws(Failure) {
        guard chunk.parameters.count == Int(chunk.arity) else { throw .invalidHeader }
        try charge(chunk.parameters.count)
        for parameter in chunk.parameters {
            if let parameter { try useSymbol(Int(parameter)) }
        }
        if let name = chunk.name { try useSymbol(Int(name)) }
    }

    mutating func checkSpans(_ chunk: Chunk) throws(Failure) {
        try charge(chunk.spans.count)
        guard hasSpans else {
            guard chunk.spans.isEmpty, chunk.instructionSpans.isEmpty else { throw .invalidSpan }
            return
        }
        guard chunk.spans.count == (chunk.kind == .lambda ? Int(chunk.arity) : 1) else { throw .invalidHeader }
        guard chunk.spans.allSatisfy({ $0.start <= $0.end }) else { throw .invalidSpan }
    }

    /// Checks that the formals belong to this chunk alone, so that they are verified only once.
    private mutating func claimFormals(_ chunk: Chunk) throws(Failure) {
        guard let formals = chunk.formals else { return }
        _ = try self.formals(Int(formals))
        guard chunk.kind == .lambda, !areFormalsClaimed[Int(formals)] else { throw .misplacedFormals }
        areFormalsClaimed[Int(formals)] = true
    }
}
