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

            Example: firn cancel 17 18 --reason "wrong branch"
            """)

    @Argument(help: "The numbers of jobs; for an operator, their ids.") var jobs: [UInt64]
    @OptionGroup var role: RoleArguments
    @OptionGroup(title: "Connection") var connection: ConnectionArguments

    @Option(help: "The reason, which becomes the message of a job that had not begun.")
    var reason = ""

    @Flag(help: "Print a line of JSON for each job.")
    var json = false

    mutating func validate() throws {
        if jobs.isEmpty { throw ValidationError("give the number of at least one job") }
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
