import NixBytecode

/// Code that is generated on demand.
extension Interpreter {
    /// The step of a chunk that has no code yet. It loads the code, or asks the host for it, and that replaces this step.
    func makeCodeStep() -> Step {
        let chunk = state.pointee.chunks[state.pointee.registers.env.field]
        let program = machine.programs[Int(chunk.program)]
        if let linked = program.origin.linked { return loadCode(Int(chunk.index), program, linked) }
        if let failure = machine.requestFailure {
            machine.requestFailure = nil
            machine.failure = failure
            return .error
        }
        if machine.failure != nil { return .error }
        machine.request = .code(program: Int(chunk.program), chunkIndex: Int(chunk.index))
        return .suspend
    }

    private func loadCode(_ chunk: Int, _ program: LoadedProgram, _ linked: LinkedProgram) -> Step {
        do throws(EvalFailure) {
            try machine.loadCode(of: chunk, in: program, linked)
        } catch {
            machine.failure = error
            return .error
        }
        return machine.continueWithCode() ? .next : .error
    }
}
