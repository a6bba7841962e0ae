import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol

/// The command `firn queue`.
struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "Show the numbers of waiting and running jobs.",
        discussion: """
            Held jobs were sent to a worker that has not begun them. Processor time (in seconds) and memory (in GiB times \
            seconds) are those of all jobs that have ended since the coordinator started.

            Example: firn queue --operator --json
            """)

    @OptionGroup var role: RoleArguments
    @OptionGroup(title: "Connection") var connection: ConnectionArguments

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() async throws {
        let client = try await connection.connect(as: role.role)
        let report = try await ConnectionArguments.reporting { try await client.queue() }
        let isForOperator = role.isOperator
        if json { return Output.write(1, Self.json(report, isForOperator).text + "\n") }
        Output.text(Self.text(report, isForOperator))
    }

    /// The workers' spare credit and the stale messages are shown to operators only.
    private static func text(_ report: WireQueueReport, _ isForOperator: Bool) -> String {
        let heading = [
            "tenant", "delayed", "blocked", "queued", "held", "running", "finished", "cpu", "memory", "fuel", "",
        ]
        let rows = report.tenants.map { tenant in
            [TerminalText.line(tenant.tenant)]
                + [tenant.delayed, tenant.blocked, tenant.queued, tenant.held, tenant.running, tenant.finished].map(
                    String.init)
                + [
                    decimal(Double(tenant.cpuNs) / 1e9), decimal(Double(tenant.memoryByteSeconds) / 1_073_741_824),
                    String(tenant.fuel), tenant.paused ? "paused" : "",
                ]
        }
        var notes = report.draining ? ["draining"] : []
        if isForOperator {
            notes.append("room for \(report.idleCredit) more jobs at the workers")
            notes.append("\(report.staleRefused) stale messages refused")
            for refusals in report.refusals {
                notes.append("\(refusals.count) refused: \(TerminalText.line(refusals.kind))")
            }
        }
        let last = notes.isEmpty ? "" : notes.joined(separator: "; ") + "\n"
        return Table.text([heading] + rows) + last
    }

    /// The number with one decimal.
    private static func decimal(_ number: Double) -> String {
        let tenths = UInt64((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func json(_ report: WireQueueReport, _ isForOperator: Bool) -> JSONValue {
        let tenants = report.tenants.map { tenant in
            JSONValue.object([
                ("tenant", .string(tenant.tenant)), ("delayed", .unsigned(tenant.delayed)),
                ("blocked", .unsigned(tenant.blocked)), ("queued", .unsigned(tenant.queued)),
                ("held", .unsigned(tenant.held)),
                ("running", .unsigned(tenant.running)), ("finished", .unsigned(tenant.finished)),
                ("fuel", .unsigned(tenant.fuel)), ("cpuNs", .unsigned(tenant.cpuNs)),
                ("memoryByteSeconds", .unsigned(tenant.memoryByteSeconds)),
                ("paused", .bool(tenant.paused)), ("queueLimit", .unsigned(tenant.queueLimit)),
                ("oldestQueuedUnixMs", .number(tenant.oldestQueuedUnixMs)),
            ])
        }
        let operators: [(String, JSONValue)] = [
            ("idleCredit", .unsigned(report.idleCredit)), ("staleRefused", .unsigned(report.staleRefused)),
            ("refusals", .object(report.refusals.map { ($0.kind, .unsigned($0.count)) })),
        ]
        return .object(
            [
                ("tenants", .array(tenants)), ("draining", .bool(report.draining)),
                ("startedUnixMs", .number(report.startedUnixMs)),
            ] + (isForOperator ? operators : []))
    }
}
