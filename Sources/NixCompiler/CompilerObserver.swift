import NixBytecode

/// Told what was compiled. Every requirement has an empty default.
public protocol CompilerObserver {
    /// The top level of a source, which is the chunk at the index.
    func compiledTopLevel(_ chunk: Int, of program: Program)
    /// A function.
    func compiledLambda(_ chunk: Int, of program: Program)
    /// A delayed expression.
    func compiledThunk(_ chunk: Int, of program: Program)
}

extension CompilerObserver {
    public func compiledTopLevel(_ chunk: Int, of program: Program) {}
    public func compiledLambda(_ chunk: Int, of program: Program) {}
    public func compiledThunk(_ chunk: Int, of program: Program) {}

    /// Calls the requirement of its kind for each chunk, in order.
    func observe(_ program: Program) {
        for (index, chunk) in program.chunks.enumerated() {
            switch chunk.kind {
            case .topLevel: compiledTopLevel(index, of: program)
            case .lambda: compiledLambda(index, of: program)
            case .thunk: compiledThunk(index, of: program)
            }
        }
    }
}
