import FirnProtocol

extension WorkerStateMachine {
    /// Tells the coordinator what has become of the prepared sets, if that is news. A hello names them in any case.
    public mutating func announce(_ sets: [WirePreparedSet]) -> [Action] {
        guard sets != preparedSets else { return [] }
        preparedSets = sets
        guard phase == .ready, welcome.preparedSets else { return [] }
        return [send(.preparedSets(.with { $0.sets = sets }))]
    }

    /// Whether the worker has what the job starts from.
    func hasPreparedSet(of assignment: WireAssignment) -> Bool {
        guard !assignment.preparedIdentity.isEmpty else { return true }
        return preparedSets.contains { $0.state == .ready && $0.identity == assignment.preparedIdentity }
    }
}
