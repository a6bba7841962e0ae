import NixBytecode

/// An observer of compilation. Every requirement has an empty default.
public protocol CompilerObserver {
    /// Called for the top level of a source.
    func compiledTopLevel(_ chunk: Int, of program: Program)
    /// Called for each function.
    func compiledLambda(_ chunk: Int, of program: Program)
    /// Called for each thunk.
    func compiledThunk(_ chunk: Int, of program: Program)
}

extension CompilerObserver {
    public func compiledTopLevel(_ chunk: Int, of program: Program) {}
    public func compiledLambda(_ chunk: Int, of program: Program) {}
    public func compiledThunk(_ chunk: Int, of program: Program) {}

    /// Notifies the observer of each chunk, in the order of the program.
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
