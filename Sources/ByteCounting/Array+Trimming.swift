extension Array {
    /// Moves the elements to a buffer of their size if a fifth or more of the present one is free. A table that is complete
    /// and kept should not keep the room into which it might have grown.
    @inlinable package mutating func trim() {
        guard capacity &* 4 > count &* 5, capacity &* MemoryLayout<Element>.stride > 64 else { return }
        var exact: [Element] = []
        exact.reserveCapacity(count)
        exact.append(contentsOf: self)
        self = exact
    }
}
