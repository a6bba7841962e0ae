/// Memory beside the heap, for what makes programs.
extension Machine {
    /// Collects when so many bytes beside the heap need room that garbage may take. Only between runs, or while one waits
    /// for an answer.
    public func collectForRoom(_ bytes: Int) {
        if interpreter.roomOutsideHeap < bytes { interpreter.collectForOutside(bytes) }
    }
}

extension Interpreter {
    /// Collects everything.
    func collectForOutside(_ bytes: Int) {
        guard let limit = state.pointee.memoryLimit else { return }
        if !collect(need: min(bytes, limit)) { _ = collect(need: 0) }
    }
}
