/// The values that the host and the import cache keep alive.
extension Machine {
    /// Keeps a value alive. The index finds it after it has moved.
    func addRoot(_ value: Value) -> Int {
        let index = freeRoots.popLast() ?? newRoot()
        state.pointee.roots[index] = value
        handleLog.append(index)
        return index
    }

    private func newRoot() -> Int {
        let index = state.pointee.rootCount
        // `import` checks `hasFreeRoot` first, and the number of values that a host holds is bounded by its own code.
        guard index < MachineState.rootCapacity else {
            fatalError("the host keeps more values than a machine has roots")
        }
        state.pointee.rootCount += 1
        return index
    }

    /// Whether the evaluation may add a root. Half of the roots are left to the host.
    var hasFreeRoot: Bool { !freeRoots.isEmpty || state.pointee.rootCount < MachineState.rootCapacity / 2 }

    /// A point in the order of handles, for `releaseHandles`.
    public func handleMark() -> Int { handleLog.count }

    /// Releases the values of all handles made since the mark. None of these handles may be used again. The import
    /// cache keeps its values.
    public func releaseHandles(since mark: Int) {
        for root in handleLog[mark...] where !importedRoots.contains(root) {
            state.pointee.roots[root] = .null
            freeRoots.append(root)
        }
        handleLog.removeSubrange(mark...)
    }
}
