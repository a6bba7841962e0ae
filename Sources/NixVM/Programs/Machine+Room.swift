/// Room outside the heap, for generating and loading programs.
extension Machine {
    /// Collects if garbage in the heap takes the room that `bytes` outside the heap need. This may be called between
    /// runs, or while a run waits for an answer.
    public func collectForRoom(_ bytes: Int) {
        if interpreter.roomOutsideHeap < bytes { interpreter.collectForOutsideHeap(bytes) }
    }
}

extension Interpreter {
    /// Collects the heap to make room for `bytes` outside it.
    func collectForOutsideHeap(_ bytes: Int) {
        guard let limit = state.pointee.memoryLimit else { return }
        if !collect(reserving: min(bytes, limit)) { _ = collect(reserving: 0) }
    }
}
