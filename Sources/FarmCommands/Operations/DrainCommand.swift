import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol

/// The command `firn drain`.
struct DrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Let the coordinator or a worker finish its jobs and exit; needs an operator's key.",
        discussion: """
            Without a name the coordinator accepts no new jobs, waits for those that run, and exits. With a name that worker \
            does so, and its supervisor does not restart it. A supervisor or a local farm exits with its last worker.

            Examples:
              firn drain build1
              firn drain --resume
            """)

    @Argument(help: "The name of a worker; without one, the coordinator is drained.")
    var worker: String?

    @Flag(help: "Revoke the drain of the coordinator.")
    var resume = false

    @OptionGroup(title: "Connection") var connection: ConnectionArguments

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() async throws {
        let client = try await connection.connect(as: .operator)
        let reply = try await ConnectionArguments.reporting {
            try await client.drain(worker: worker ?? "", resume: resume)
        }
        let object = JSONValue.object([
            ("running", .unsigned(reply.running)), ("held", .unsigned(reply.held)), ("queued", .unsigned(reply.queued)),
        ])
        let text = "\(reply.running) running, \(reply.held) held, \(reply.queued) queued"
        Output.write(1, (json ? object.text : text) + "\n")
    }
}
