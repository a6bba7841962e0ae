/// Memory beside the heap, for what makes programs.
extension Machine {
    /// Collects when so many bytes beside the heap need room that garbage may take. Only between runs, or while one waits
    /// for an answer.
    public func collectForRoom(_ bytes: Int) { _ = interpreter.collectForOutside(bytes) }
}
