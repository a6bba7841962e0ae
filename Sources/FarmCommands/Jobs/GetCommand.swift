import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol

/// The command `firn get`.
struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Show the state and result of jobs.",
        discussion:
            """
            The exit code is 1 if a job is unknown, or has finished with another outcome than ok. --store and --export write \
            what jobs submitted with --derivations client have added to the store.

            Examples:
              firn get 17 --wait 30 --json
              firn get 17 --store daemon
            """
    )

    @Argument(help: "The numbers of jobs; for an operator, their ids.") var jobs: [UInt64]
    @OptionGroup var role: RoleArguments
    @OptionGroup(title: "Connection") var connection: ConnectionArguments

    @OptionGroup(title: "Store") var store: StoreArguments

    @Option(
        name: .customLong("local-root"),
        help: ArgumentHelp(
            "A directory here that has what the root of the workers has; sources are read from it. Repeatable.",
            valueName: "name=directory"))
    var localRoots: [RootArgument] = []

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
        let choice = try chosenStore(store)
        let client = try await connection.connect(as: role.role)
        let receiver = try await ClosureReceiver.open(choice, client: client, roots: localRoots)
        do {
            let allOK = try await show(client, receiver)
            if allOK { try await receiver?.finish() } else { await receiver?.abandon() }
            if !allOK { throw ExitCode(1) }
        } catch {
            await receiver?.abandon()
            throw error
        }
    }

    /// Prints all jobs. The result is false if one of them is not ok.
    private func show(_ client: FirnClient, _ receiver: ClosureReceiver?) async throws -> Bool {
        let follower = JobFollower(
            client: client, json: json, showTrace: showTrace, showsUpdates: false, receiver: receiver,
            takesStandardOutput: store.takesStandardOutput)
        var allOK = true
        try await ConnectionArguments.reporting {
            for job in jobs {
                let status: WireJobStatus
                do {
                    status = try await client.result(job, wait: .milliseconds(Int64(wait * 1_000)))
                } catch ClientError.refused(.unknownJob, let message, _) {
                    // The remaining jobs may be known.
                    Output.note("error: \(message)")
                    allOK = false
                    continue
                }
                if status.state == .finished, StatusReport.outcome(status) != .ok { allOK = false }
                if receiver != nil, status.state != .finished {
                    throw CommandFailure(
                        "job \(job) is not finished, so its store objects cannot be written: add --wait")
                }
                if json || status.state == .finished {
                    try await follower.print(status)
                } else {
                    Output.text("\(job)  \(StatusReport.text(status))\n")
                }
            }
        }
        return allOK
    }
}
