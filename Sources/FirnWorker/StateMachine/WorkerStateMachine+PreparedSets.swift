import FirnProtocol

extension WorkerStateMachine {
    /// Takes what has become of the prepared sets, and tells the coordinator if that is news.
    public mutating func announce(_ sets: [WirePreparedSet]) -> [Action] {
        preparedSets = sets
        return tellOfSets()
    }

    /// Tells the coordinator of the prepared sets, unless it knows: from the hello, or from an earlier message. What changes
    /// between a hello and its welcome is told after the welcome.
    mutating func tellOfSets() -> [Action] {
        guard phase == .ready, welcome.preparedSets, toldSets != preparedSets else { return [] }
        toldSets = preparedSets
        return [send(.preparedSets(.with { $0.sets = preparedSets }))]
    }

    /// Whether the worker has what the job starts from.
    func hasPreparedSet(of assignment: WireAssignment) -> Bool {
        guard !assignment.preparedIdentity.isEmpty else { return true }
        return preparedSets.contains { $0.state == .ready && $0.identity == assignment.preparedIdentity }
    }
}
