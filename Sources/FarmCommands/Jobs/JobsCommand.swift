import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol

/// The command `firn jobs`.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "List jobs, newest first.",
        discussion: """
            With --why, shows why a job waits, or ended as it did.

            Examples:
              firn jobs --state running --limit 20
              firn jobs --why 17
            """)

    @Option(help: ArgumentHelp("Explain the state of this job instead.", valueName: "job"))
    var why: UInt64?

    @OptionGroup var role: RoleArguments
    @OptionGroup(title: "Connection") var connection: ConnectionArguments

    @Option(
        help: "Only jobs in this state: delayed, queued, held (by a worker that has not begun), running or finished.")
    var state: String?

    @Option(help: "Only finished jobs with this outcome, such as evalError.")
    var outcome: String?

    @Option(help: "Only jobs with a smaller id.")
    var before: UInt64 = 0

    @Option(help: "The length of the list.")
    var limit: UInt32 = 100

    @Option(help: "Only jobs of this tenant (with --operator).")
    var tenant: String?

    @Flag(help: "Print a line of JSON for each job.")
    var json = false

    /// The states by which the store finds jobs.
    private static let listedStates = ["delayed", "queued", "held", "running", "finished"]
    /// The states of jobs that have not ended.
    static let openStates = ["delayed", "blocked", "queued", "held", "running", "building"]

    static let states: [String: WireJobState] = [
        "delayed": .delayed, "blocked": .blocked, "queued": .queued, "held": .held, "running": .running,
        "building": .building, "finished": .finished,
    ]

    mutating func validate() throws {
        if why != nil, state != nil || outcome != nil || before != 0 || tenant != nil {
            throw ValidationError("--why goes with none of the options that select jobs")
        }
        if let state, !Self.listedStates.contains(state) {
            throw ValidationError("--state takes delayed, queued, held, running or finished, not '\(state)'")
        }
        if let outcome, Outcome(rawValue: outcome) == nil {
            let names = Outcome.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--outcome takes one of \(names), not '\(outcome)'")
        }
        if limit == 0 { throw ValidationError("--limit takes a number from 1") }
        if tenant != nil && !role.isOperator { throw ValidationError("--tenant is for operators: add --operator") }
    }

    func run() async throws {
        let client = try await connection.connect(as: role.role)
        if let why { return try await explain(why, client) }
        try await ConnectionArguments.reporting {
            var query = WireListJobs.with {
                $0.state = state.flatMap { Self.states[$0] } ?? .unspecified
                $0.outcome = outcome.flatMap { Outcome(rawValue: $0)?.wire } ?? .unspecified
                $0.before = before
                $0.tenant = tenant ?? ""
            }
            var left = limit
            while left > 0 {
                query.limit = min(left, ProtocolLimits.listedJobs)
                let list = try await client.jobs(query)
                for status in list.jobs { show(status) }
                guard list.more, let last = list.jobs.last else { return }
                left -= min(left, UInt32(list.jobs.count))
                query.before = last.job
            }
        }
    }

    private func explain(_ job: UInt64, _ client: FirnClient) async throws {
        try await SchedulingSupport.require(client)
        let explanation = try await ConnectionArguments.reporting { try await client.explain(job) }
        if json { return Output.write(1, ExplanationReport.json(explanation).text + "\n") }
        show(explanation.status)
        Output.text(ExplanationReport.text(explanation))
    }

    private func show(_ status: WireJobStatus) {
        if json { return Output.write(1, StatusReport.json(status).text + "\n") }
        var line = "\(status.job)  \(StatusReport.text(status))"
        // Operators also see the number by which the tenant knows the job.
        if !status.tenant.isEmpty { line += "  \(TerminalText.line(status.tenant)) \(status.tenantJob)" }
        if !status.label.isEmpty { line += "  \(TerminalText.line(status.label))" }
        Output.text(line + "\n")
    }
}
