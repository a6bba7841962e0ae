/// Room outside the heap, for generating and loading programs.
extension Machine {
    /// Collects if garbage in the heap takes the room that `bytes` outside the heap need. This may be called between
    /// runs, or while a run waits for an answer.
    public func collectForRoom(_ bytes: Int) { _ = interpreter.collectForOutsideHeap(bytes) }
}
