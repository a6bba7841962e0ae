/// Code that is generated on demand.
extension Interpreter {
    /// The step of a chunk that has no code yet. It asks the host for the code, which then replaces this step.
    func makeCodeStep() -> Step {
        if let failure = machine.requestFailure {
            machine.requestFailure = nil
            machine.failure = failure
            return .error
        }
        if machine.failure != nil { return .error }
        let chunk = state.pointee.chunks[state.pointee.registers.env.field]
        machine.request = .code(program: Int(chunk.program), chunkIndex: Int(chunk.index))
        return .suspend
    }
}
