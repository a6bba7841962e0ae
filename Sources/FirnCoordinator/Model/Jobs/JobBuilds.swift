import FirnProtocol

/// What an open job reads of derivations. It is kept in memory only: after a restart of the coordinator, the job is
/// evaluated again and asks for what is not built by then.
struct JobBuilds: Sendable {
    /// The outputs that are needed now.
    var needed: [WireNeededOutput] = []
    /// What could not be built, at most `maximumFailures`.
    private(set) var failures: [WireBuildFailure] = []
    /// How often the job was put off for builds.
    var rounds = 0

    /// The most rounds of a job. A job whose builds decide what it builds next needs one for each step.
    static let maximumRounds = 100
    /// The most failures that are kept and sent with the job.
    static let maximumFailures = 1_000

    /// Adds the failures of builds that were asked for. What was not asked for, or is too long, is cut.
    mutating func add(_ new: [WireBuildFailure]) {
        let names = Set(needed.map(\.text))
        for failure in new where names.contains(failure.output) && failures.count < Self.maximumFailures {
            failures.append(
                .with {
                    $0.output = failure.output
                    $0.reason = failure.reason.prefix(ProtocolLimits.buildReasonBytes)
                })
        }
        needed = []
    }
}
