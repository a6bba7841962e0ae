import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol

/// The command `firn watch`.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Follow jobs until they have finished.",
        discussion: "The exit code is 1 if a job ends with another outcome than ok.\n\nExample: firn watch 17 18")

    @Argument(help: "The numbers of jobs; for an operator, their ids.") var jobs: [UInt64]
    @OptionGroup var role: RoleArguments
    @OptionGroup(title: "Connection") var connection: ConnectionArguments

    @Flag(help: "Print a line of JSON for each change.")
    var json = false

    mutating func validate() throws {
        if jobs.isEmpty { throw ValidationError("give the number of at least one job") }
    }

    func run() async throws {
        let client = try await connection.connect(as: role.role)
        let follower = JobFollower(client: client, json: json, showTrace: false, showsUpdates: true)
        let allOK = try await ConnectionArguments.reporting { try await follower.finish(jobs) }
        if !allOK { throw ExitCode(1) }
    }
}
