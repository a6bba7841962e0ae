import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol

/// The command `firn cancel`.
struct CancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel jobs.",
        discussion: """
            A waiting job ends at once. For a held or running job, the worker is asked to stop it. The exit code is 1 if a \
            job is unknown.

            Examples:
              firn cancel 17 18 --reason "wrong branch"
              firn cancel --all --state queued --label-prefix nightly/
            """)

    @Argument(help: "The numbers of jobs; for an operator, their ids.") var jobs: [UInt64] = []
    @OptionGroup(title: "Many jobs") var filter: JobFilterArguments
    @OptionGroup var role: RoleArguments
    @OptionGroup(title: "Connection") var connection: ConnectionArguments

    @Option(help: "With --all, only jobs in this state: \(JobsCommand.openStates.joined(separator: ", ")).")
    var state: String?

    @Option(help: "The reason, which becomes the message of a job that had not begun.")
    var reason = ""

    @Flag(help: "Print a line of JSON for each job.")
    var json = false

    mutating func validate() throws {
        try filter.check(named: jobs, isOperator: role.isOperator)
        guard let state else { return }
        if !filter.all { throw ValidationError("--state is for --all") }
        if !JobsCommand.openStates.contains(state) {
            throw ValidationError("--state takes \(JobsCommand.openStates.joined(separator: ", ")), not '\(state)'")
        }
    }

    func run() async throws {
        let client = try await connection.connect(as: role.role)
        if filter.all { return try await cancelSelected(client) }
        let cancellations = try await ConnectionArguments.reporting { try await client.cancel(jobs, reason: reason) }
        show(cancellations)
        if cancellations.contains(where: { $0.effect == .unknownJob }) { throw ExitCode(1) }
    }

    private func cancelSelected(_ client: FirnClient) async throws {
        try await SchedulingSupport.require(client)
        var selected = filter.wire
        selected.state = state.flatMap { JobsCommand.states[$0] } ?? .unspecified
        try await ConnectionArguments.reporting {
            repeat {
                let reply = try await client.cancel(selected, reason: reason)
                show(reply.cancellations)
                selected.before = reply.nextBefore
            } while selected.before > 0
        }
    }

    private func show(_ cancellations: [WireCancellation]) {
        for cancellation in cancellations {
            let effect = Self.name(cancellation.effect)
            let object = JSONValue.object([("job", .unsigned(cancellation.job)), ("effect", .string(effect))])
            Output.write(1, (json ? object.text : "\(cancellation.job)  \(effect)") + "\n")
        }
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
