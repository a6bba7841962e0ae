import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol

/// The command `firn get`.
struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Show the state and result of jobs.",
        discussion:
            "The exit code is 1 if a job is unknown, or has finished with another outcome than ok.\n\nExample: firn get 17 --wait 30 --json"
    )

    @Argument(help: "Job ids.") var jobs: [UInt64]
    @OptionGroup var role: RoleArguments
    @OptionGroup(title: "Connection") var connection: ConnectionArguments

    @Option(help: ArgumentHelp("Wait this long for each job to finish.", valueName: "seconds"))
    var wait: Double = 0

    @Flag(help: "Print one JSON object a line for each job.")
    var json = false

    @Flag(help: "Show the backtrace of an error.")
    var showTrace = false

    mutating func validate() throws {
        if jobs.isEmpty { throw ValidationError("give at least one job id") }
        guard wait >= 0, wait < 1e6 else { throw ValidationError("--wait takes seconds from 0, not \(wait)") }
    }

    func run() async throws {
        let client = try await connection.connect(as: role.role)
        let follower = JobFollower(client: client, json: json, showTrace: showTrace, showsUpdates: false)
        var allOK = true
        try await ConnectionArguments.reporting {
            for job in jobs {
                let status: WireJobStatus
                do {
                    status = try await client.result(job, waitMilliseconds: UInt32(wait * 1_000))
                } catch ClientError.refused(.unknownJob, let message, _) {
                    // The remaining jobs may be known.
                    Output.note("error: \(message)")
                    allOK = false
                    continue
                }
                if status.state == .finished, StatusReport.outcome(status) != .ok { allOK = false }
                if json || status.state == .finished {
                    try await follower.print(status)
                } else {
                    Output.text("\(job)  \(StatusReport.text(status))\n")
                }
            }
        }
        if !allOK { throw ExitCode(1) }
    }
}

/// The command `firn watch`.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Follow jobs until they have finished.",
        discussion: "The exit code is 1 if a job ends with another outcome than ok.\n\nExample: firn watch 17 18")

    @Argument(help: "Job ids.") var jobs: [UInt64]
    @OptionGroup var role: RoleArguments
    @OptionGroup(title: "Connection") var connection: ConnectionArguments

    @Flag(help: "Print one JSON object a line for each change.")
    var json = false

    mutating func validate() throws {
        if jobs.isEmpty { throw ValidationError("give at least one job id") }
    }

    func run() async throws {
        let client = try await connection.connect(as: role.role)
        let follower = JobFollower(client: client, json: json, showTrace: false, showsUpdates: true)
        let allOK = try await ConnectionArguments.reporting { try await follower.finish(jobs) }
        if !allOK { throw ExitCode(1) }
    }
}

/// The command `firn jobs`.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "List jobs, newest first.",
        discussion: "Example: firn jobs --state running --limit 20")

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

    @Flag(help: "Print one JSON object a line for each job.")
    var json = false

    private static let states: [String: WireJobState] = [
        "delayed": .delayed, "queued": .queued, "held": .held, "running": .running,
        "finished": .finished,
    ]

    mutating func validate() throws {
        if let state, Self.states[state] == nil {
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

    private func show(_ status: WireJobStatus) {
        if json { return Output.write(1, StatusReport.json(status).text + "\n") }
        var line = "\(status.job)  \(StatusReport.text(status))"
        // Operators also see the number by which the tenant knows the job.
        if !status.tenant.isEmpty { line += "  \(TerminalText.line(status.tenant)) \(status.tenantJob)" }
        if !status.label.isEmpty { line += "  \(TerminalText.line(status.label))" }
        Output.text(line + "\n")
    }
}

/// The command `firn cancel`.
struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel jobs.",
        discussion: """
            A waiting job ends at once. For a held or running job, the worker is asked to stop it. The exit code is 1 if a \
            job is unknown.

            Example: firn cancel 17 18 --reason "wrong branch"
            """)

    @Argument(help: "Job ids.") var jobs: [UInt64]
    @OptionGroup var role: RoleArguments
    @OptionGroup(title: "Connection") var connection: ConnectionArguments

    @Option(help: "The reason, which becomes the message of a job that had not begun.")
    var reason = ""

    @Flag(help: "Print one JSON object a line for each job.")
    var json = false

    mutating func validate() throws {
        if jobs.isEmpty { throw ValidationError("give at least one job id") }
    }

    func run() async throws {
        let client = try await connection.connect(as: role.role)
        let cancellations = try await ConnectionArguments.reporting { try await client.cancel(jobs, reason: reason) }
        for cancellation in cancellations {
            let effect = Self.name(cancellation.effect)
            let object = JSONValue.object([("job", .unsigned(cancellation.job)), ("effect", .string(effect))])
            Output.write(1, (json ? object.text : "\(cancellation.job)  \(effect)") + "\n")
        }
        if cancellations.contains(where: { $0.effect == .unknownJob }) { throw ExitCode(1) }
    }

    private static func name(_ effect: WireCancellation.Effect) -> String {
        switch effect {
        case .cancelled: "cancelled"
        case .requested: "requested"
        case .alreadyFinished: "already-finished"
        case .unknownJob: "unknown-job"
        case .unspecified, .UNRECOGNIZED: "effect-\(effect.rawValue)"
        }
    }
}
