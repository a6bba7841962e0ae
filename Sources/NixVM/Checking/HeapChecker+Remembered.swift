/// The remembered set.
extension HeapChecker {
    /// Entries looked at after each instruction.
    private static let newest = 4

    /// Whether the entries made last name slots and arrays outside the nursery.
    func checkNewestRemembered() throws(Violation) {
        let count = state.pointee.remembered.count
        for index in max(0, count - Self.newest)..<count { try checkEntry(state.pointee.remembered[index]) }
    }

    /// Slots and arrays by their addresses, once each was checked.
    func rememberedEntries() throws(Violation) -> Set<UInt> {
        var entries: Set<UInt> = []
        for index in 0..<state.pointee.remembered.count {
            try checkEntry(state.pointee.remembered[index])
            entries.insert(state.pointee.remembered[index])
        }
        return entries
    }

    private func checkEntry(_ entry: UInt) throws(Violation) {
        guard region(of: entry & ~7) == .old else {
            throw Violation(.remembered, "an entry \(hex(entry)) outside the old space")
        }
        guard entry & 1 == 1 else { return }
        guard let array = Object(bitPattern: entry & ~1), array.kind == Kind.array,
            array[0] & Object.rememberedFlag != 0
        else { throw Violation(.remembered, "an entry \(hex(entry)) for an array that is not marked as one") }
    }
}
