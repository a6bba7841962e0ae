/// Checks of the remembered set.
extension HeapChecker {
    /// The number of entries checked after each instruction.
    private static let newest = 4

    /// Checks the entries that were added last.
    func checkNewestRemembered() throws(Violation) {
        let count = state.pointee.remembered.count
        for index in max(0, count - Self.newest)..<count { try checkEntry(state.pointee.remembered[index]) }
    }

    /// All entries of the remembered set, after they were checked.
    func rememberedEntries() throws(Violation) -> Set<UInt> {
        var entries: Set<UInt> = []
        for index in 0..<state.pointee.remembered.count {
            try checkEntry(state.pointee.remembered[index])
            entries.insert(state.pointee.remembered[index])
        }
        return entries
    }

    private func checkEntry(_ entry: UInt) throws(Violation) {
        guard [.old, .image].contains(region(of: entry & ~7)) else {
            throw Violation(.remembered, "an entry \(hex(entry)) outside the old space")
        }
        guard entry & 1 == 1 else { return }
        guard let array = Object(bitPattern: entry & ~1), array.kind == Kind.array,
            array[0] & Object.rememberedFlag != 0
        else { throw Violation(.remembered, "an entry \(hex(entry)) for an array that is not marked as one") }
    }
}
