/// Code that is made when it is first run.
extension Interpreter {
    /// What a chunk runs that has no code yet: the host is asked for it, and puts it in this one's place.
    func makeCodeStep() -> Step {
        if let failure = machine.importFailure {
            machine.importFailure = nil
            machine.failure = failure
            return .error
        }
        if machine.failure != nil { return .error }
        let chunk = state.pointee.chunks[state.pointee.r.env.field]
        machine.request = .code(program: Int(chunk.program), chunkIndex: Int(chunk.index))
        return .suspend
    }
}
