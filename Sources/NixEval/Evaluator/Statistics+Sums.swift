import NixVM

extension HeapStatistics {
    /// Adds what happened in another heap.
    mutating func add(_ other: HeapStatistics) {
        collections += other.collections
        fullCollections += other.fullCollections
        copiedBytes += other.copiedBytes
        allocatedBytes += other.allocatedBytes
        peakBytes = max(peakBytes, other.peakBytes)
        nanoseconds += other.nanoseconds
    }
}

extension Counters {
    /// Adds what another machine counted.
    mutating func add(_ other: Counters) {
        calls += other.calls
        builtinCalls += other.builtinCalls
        forces += other.forces
        thunks += other.thunks
        lookups += other.lookups
        updates += other.updates
        updateCopies += other.updateCopies
        listConcats += other.listConcats
        sets += other.sets
        setElements += other.setElements
        lists += other.lists
        listElements += other.listElements
        environments += other.environments
        captures += other.captures
    }
}
