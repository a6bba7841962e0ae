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

    @Argument(help: "The numbers of jobs; for an operator, their ids.") var jobs: [UInt64]
    @OptionGroup var role: RoleArguments
    @OptionGroup(title: "Connection") var connection: ConnectionArguments

    @Option(help: ArgumentHelp("Wait this long for each job to finish.", valueName: "seconds"))
    var wait: Double = 0

    @Flag(help: "Print a line of JSON for each job.")
    var json = false

    @Flag(help: "Show the backtrace of an error.")
    var showTrace = false

    mutating func validate() throws {
        if jobs.isEmpty { throw ValidationError("give the number of at least one job") }
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
