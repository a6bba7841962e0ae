/// The values that the host and the table of imports keep alive.
extension Machine {
    /// Keeps a value alive; the index finds it again after it moved.
    func addRoot(_ value: Value) -> Int {
        let index = freeRoots.popLast() ?? newRoot()
        state.pointee.roots[index] = value
        handleLog.append(index)
        return index
    }

    private func newRoot() -> Int {
        let index = state.pointee.rootCount
        // `import` asks for `hasFreeRoot` first, and a host holds as many values as its own code names.
        guard index < MachineState.rootCapacity else {
            fatalError("the host keeps more values than a machine has roots")
        }
        state.pointee.rootCount += 1
        return index
    }

    /// Whether evaluation may take another root, so that enough are left for the host.
    var hasFreeRoot: Bool { !freeRoots.isEmpty || state.pointee.rootCount < MachineState.rootCapacity / 2 }

    /// A place in the order of handles, for `releaseHandles`.
    public func handleMark() -> Int { handleLog.count }

    /// Lets go of the values of all handles made since the mark; none of them may be used again. What `import` keeps
    /// stays.
    public func releaseHandles(since mark: Int) {
        for root in handleLog[mark...] where !importedRoots.contains(root) {
            state.pointee.roots[root] = .null
            freeRoots.append(root)
        }
        handleLog.removeSubrange(mark...)
    }
}
