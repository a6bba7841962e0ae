/// Memory beside the heap, for what makes programs.
extension Machine {
    /// Collects when so many bytes beside the heap need room that garbage may take. Only between runs, or while one waits
    /// for an answer.
    public func collectForRoom(_ bytes: Int) {
        if vm.roomOutsideHeap < bytes { vm.collectForOutside(bytes) }
    }
}

extension VM {
    /// Collects everything.
    func collectForOutside(_ bytes: Int) {
        guard let limit = s.pointee.memoryLimit else { return }
        if !collect(need: min(bytes, limit)) { _ = collect(need: 0) }
    }
}
