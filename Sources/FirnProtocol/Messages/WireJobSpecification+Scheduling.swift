extension WireJobSpecification {
    /// Checks the fields that say when the job runs relative to others: fairness key, supersession, preceding jobs, and
    /// the wish for a stored outcome.
    ///
    /// - Throws: `invalidJob` with the field and the rule that it breaks.
    func validateScheduling() throws(ProtocolError) {
        try Self.require(
            key.utf8.count <= ProtocolLimits.keyBytes, "key has more than \(ProtocolLimits.keyBytes) bytes")
        if hasSupersedes {
            try Self.require(
                (1...ProtocolLimits.keyBytes).contains(supersedes.key.utf8.count),
                "supersedes.key is empty or longer than \(ProtocolLimits.keyBytes) bytes")
            try Self.require(
                supersedes.run.count <= ProtocolLimits.supersessionRunBytes,
                "supersedes.run has more than \(ProtocolLimits.supersessionRunBytes) bytes")
        }
        try Self.require(
            after.count <= ProtocolLimits.precedingJobs,
            "after has more than \(ProtocolLimits.precedingJobs) entries")
        try Self.require(
            after.allSatisfy { (1...UInt64(Int64.max)).contains($0) }, "after has an entry that is not a job's number")
        if case .UNRECOGNIZED(let number) = afterFailure {
            throw ProtocolError(.invalidJob, "after_failure \(number) is not known")
        }
        if cached { try validateCached() }
    }

    /// The outcome of a job is stored for equal ones only if everything it depends on is named by the job.
    private func validateCached() throws(ProtocolError) {
        try Self.require(!evaluatorVersion.isEmpty, "cached goes with an evaluator_version")
        try Self.require(roots.allSatisfy { !$0.contentID.isEmpty }, "cached goes with a content id for each root")
        try Self.require(
            !hasPrepared || !prepared.identity.isEmpty, "cached goes with the identity of the prepared set")
        try Self.require(
            traceLevel == .none && !hasClosure && !importFromDerivation && after.isEmpty,
            "cached goes with none of trace_level, closure, import_from_derivation and after")
    }
}
