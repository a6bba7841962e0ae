import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol
import NixStore

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
        let heading = ["tenant", "delayed", "queued", "held", "running", "finished", "cpu", "memory", "fuel"]
        let rows = report.tenants.map { tenant in
            [TerminalText.line(tenant.tenant)]
                + [tenant.delayed, tenant.queued, tenant.held, tenant.running, tenant.finished].map(String.init)
                + [
                    decimal(Double(tenant.cpuNs) / 1e9), decimal(Double(tenant.memoryByteSeconds) / 1_073_741_824),
                    String(tenant.fuel),
                ]
        }
        var notes = report.draining ? ["draining"] : []
        if isForOperator {
            notes.append("room for \(report.idleCredit) more jobs at the workers")
            notes.append("\(report.staleRefused) stale messages refused")
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
                ("queued", .unsigned(tenant.queued)), ("held", .unsigned(tenant.held)),
                ("running", .unsigned(tenant.running)), ("finished", .unsigned(tenant.finished)),
                ("fuel", .unsigned(tenant.fuel)), ("cpuNs", .unsigned(tenant.cpuNs)),
                ("memoryByteSeconds", .unsigned(tenant.memoryByteSeconds)),
                ("queueLimit", .unsigned(tenant.queueLimit)),
                ("oldestQueuedUnixMs", .number(tenant.oldestQueuedUnixMs)),
            ])
        }
        let operators: [(String, JSONValue)] = [
            ("idleCredit", .unsigned(report.idleCredit)), ("staleRefused", .unsigned(report.staleRefused)),
        ]
        return .object(
            [
                ("tenants", .array(tenants)), ("draining", .bool(report.draining)),
                ("startedUnixMs", .number(report.startedUnixMs)),
            ] + (isForOperator ? operators : []))
    }
}

/// The command `firn workers`.
struct WorkersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers", abstract: "List the connected workers; needs an operator's key.",
        discussion: "Example: firn workers --json")

    @OptionGroup(title: "Connection") var connection: ConnectionArguments

    @Flag(help: "Print one JSON object a line for each worker.")
    var json = false

    func run() async throws {
        let client = try await connection.connect(as: .operator)
        let workers = try await ConnectionArguments.reporting { try await client.workers() }
        if json {
            for worker in workers { Output.write(1, Self.json(worker).text + "\n") }
            return
        }
        let rows = workers.map { worker in
            [
                TerminalText.line(worker.name), TerminalText.line(worker.address),
                jobs(worker.leases.filter(\.running)),
                "\(worker.leases.count { !$0.running })", "\(worker.credit)",
                "\(worker.finished)",
                TerminalText.line(worker.roots.map(\.name).joined(separator: " ")),
                worker.draining ? "draining" : "",
            ]
        }
        Output.text(Table.text([["name", "address", "runs", "holds", "room", "finished", "roots", ""]] + rows))
    }

    /// The ids of the jobs that a worker evaluates: at most one.
    private func jobs(_ leases: [WireLease]) -> String {
        leases.isEmpty ? "-" : leases.map { String($0.job) }.joined(separator: " ")
    }

    private static func json(_ worker: WireWorkerStatus) -> JSONValue {
        let leases = worker.leases.map { lease in
            JSONValue.object([
                ("job", .unsigned(lease.job)), ("attempt", .unsigned(UInt64(lease.attempt))),
                ("running", .bool(lease.running)),
            ])
        }
        let roots = worker.roots.map { root in
            JSONValue.object([("name", .string(root.name)), ("id", .bytes(Base16.encode([UInt8](root.contentID))))])
        }
        return .object([
            ("name", .string(worker.name)), ("address", .string(worker.address)),
            ("software", .string(worker.software)),
            ("evaluatorVersions", .array(worker.evaluatorVersions.map { .string($0) })), ("roots", .array(roots)),
            ("credit", .unsigned(UInt64(worker.credit))), ("leases", .array(leases)),
            ("connectedUnixMs", .number(worker.connectedUnixMs)), ("lastHeardUnixMs", .number(worker.lastHeardUnixMs)),
            ("finished", .unsigned(worker.finished)), ("draining", .bool(worker.draining)),
            ("key", .string(worker.keyName)),
        ])
    }
}

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

/// A table of text.
enum Table {
    /// The rows as lines, of which the first is the heading. Every column is as wide as its widest cell.
    static func text(_ rows: [[String]]) -> String {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            var line = cells.joined(separator: "  ")
            while line.hasSuffix(" ") { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
