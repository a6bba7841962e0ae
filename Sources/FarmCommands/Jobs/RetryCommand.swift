import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol

/// The command `firn retry`.
struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Submit finished jobs again.",
        discussion: """
            Prints the number of each job and that of the new one, which has the same specification, without an idempotency \
            key, times, jobs to follow and jobs to supersede. A stored outcome is not taken. With --all, jobs that ended ok are \
            left out unless --outcome names them. The exit code is 1 if a job is unknown or refused.

            Examples:
              firn retry 17 18
              firn retry --all --outcome quarantined --newer-than 86400
            """)

    @Argument(help: "The numbers of finished jobs.") var jobs: [UInt64] = []
    @OptionGroup(title: "Many jobs") var filter: JobFilterArguments
    @OptionGroup(title: "Connection") var connection: ConnectionArguments

    @Option(help: "With --all, only jobs with this outcome, such as evalError.")
    var outcome: String?

    @Flag(help: "Print a line of JSON for each job.")
    var json = false

    mutating func validate() throws {
        try filter.check(named: jobs, isOperator: false)
        guard let outcome else { return }
        if !filter.all { throw ValidationError("--outcome is for --all") }
        if Outcome(rawValue: outcome) == nil {
            let names = Outcome.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--outcome takes one of \(names), not '\(outcome)'")
        }
    }

    func run() async throws {
        let client = try await connection.connect()
        try await SchedulingSupport.require(client)
        let allAccepted = try await ConnectionArguments.reporting {
            filter.all ? try await retrySelected(client) : try await retryNamed(client)
        }
        if !allAccepted { throw ExitCode(1) }
    }

    /// - Returns: whether all jobs were accepted.
    private func retryNamed(_ client: FirnClient) async throws -> Bool {
        var allAccepted = true
        var rest = jobs[...]
        while !rest.isEmpty {
            let reply = try await client.retry(Array(rest.prefix(ProtocolLimits.selectedJobs)))
            if !show(reply.retried) { allAccepted = false }
            rest = rest.dropFirst(ProtocolLimits.selectedJobs)
        }
        return allAccepted
    }

    private func retrySelected(_ client: FirnClient) async throws -> Bool {
        var allAccepted = true
        var selected = filter.wire
        selected.state = .finished
        selected.outcome = outcome.flatMap { Outcome(rawValue: $0)?.wire } ?? .unspecified
        let token = FirnClient.retryToken()
        repeat {
            let reply = try await client.retry(selected, token: token)
            if !show(reply.retried) { allAccepted = false }
            selected.before = reply.nextBefore
        } while selected.before > 0
        return allAccepted
    }

    private func show(_ retried: [WireRetried]) -> Bool {
        var allAccepted = true
        for retry in retried {
            var members: [(String, JSONValue)] = [("job", .unsigned(retry.job))]
            switch Receipt(retry.receipt) {
            case .accepted(let job, _):
                members.append(("newJob", .unsigned(job)))
                if !json { Output.write(1, "\(retry.job)  \(job)\n") }
            case .refused(let error):
                allAccepted = false
                members.append(("refused", .string("\(error)")))
                if !json { Output.note("error: job \(retry.job): \(error)") }
            }
            if json { Output.write(1, JSONValue.object(members).text + "\n") }
        }
        return allAccepted
    }
}

/// What an older coordinator does not know.
enum SchedulingSupport {
    /// - Throws: `CommandFailure` if the coordinator would ignore what is asked of it.
    static func require(_ client: FirnClient) async throws {
        guard await !client.welcome.scheduling else { return }
        throw CommandFailure("the coordinator is older than this command and does not know what is asked")
    }
}
