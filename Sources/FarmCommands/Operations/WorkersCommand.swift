import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol
import NixStore

/// The command `firn workers`.
struct WorkersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers", abstract: "List the connected workers; needs an operator's key.",
        discussion: "Example: firn workers --json")

    @OptionGroup(title: "Connection") var connection: ConnectionArguments

    @Flag(help: "Print a line of JSON for each worker.")
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
                TerminalText.line(worker.preparedSets.map(Self.text).joined(separator: ", ")),
                worker.sandbox.isEmpty ? "-" : TerminalText.line(Self.text(worker.sandbox)),
                worker.draining ? "draining" : "",
            ]
        }
        Output.text(
            Table.text(
                [["name", "address", "runs", "holds", "room", "finished", "roots", "prepared sets", "sandbox", ""]]
                    + rows))
    }

    /// The ids of the jobs that a worker evaluates: at most one.
    private func jobs(_ leases: [WireLease]) -> String {
        leases.isEmpty ? "-" : leases.map { String($0.job) }.joined(separator: " ")
    }

    /// A sandbox: the parts that are not in effect, such as `no cgroup`, or `whole`.
    private static func text(_ sandbox: [WireSandboxPart]) -> String {
        let absent = sandbox.filter { $0.state != .on }.map(\.name)
        return absent.isEmpty ? "whole" : "no " + absent.joined(separator: ", ")
    }

    private static func json(_ part: WireSandboxPart) -> JSONValue {
        let state =
            switch part.state {
            case .on: "on"
            case .off: "off"
            case .missing: "missing"
            case .unspecified, .UNRECOGNIZED: "unknown"
            }
        return .object([("part", .string(part.name)), ("state", .string(state)), ("detail", .string(part.detail))])
    }

    /// A prepared set with its state, such as `nixpkgs ready 310 MiB`.
    private static func text(_ set: WirePreparedSet) -> String {
        let size = set.state == .ready ? " \((set.byteCount + (1 << 20) - 1) >> 20) MiB" : ""
        return "\(set.name) \(name(set.state))\(size)" + (set.reason.isEmpty ? "" : ": \(set.reason)")
    }

    private static func name(_ state: WirePreparedSet.State) -> String {
        switch state {
        case .absent: "absent"
        case .building: "building"
        case .ready: "ready"
        case .failed: "failed"
        case .UNRECOGNIZED(let number): "state-\(number)"
        }
    }

    private static func json(_ set: WirePreparedSet) -> JSONValue {
        .object([
            ("name", .string(set.name)), ("state", .string(name(set.state))),
            ("identity", .bytes(Base16.encode([UInt8](set.identity)))), ("bytes", .unsigned(set.byteCount)),
            ("root", .string(set.root)), ("tenants", .array(set.tenants.map { .string($0) })),
            ("reason", .string(set.reason)),
        ])
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
            ("preparedSets", .array(worker.preparedSets.map { json($0) })),
            ("sandbox", .array(worker.sandbox.map { json($0) })),
            ("credit", .unsigned(UInt64(worker.credit))), ("leases", .array(leases)),
            ("connectedUnixMs", .number(worker.connectedUnixMs)), ("lastHeardUnixMs", .number(worker.lastHeardUnixMs)),
            ("finished", .unsigned(worker.finished)), ("draining", .bool(worker.draining)),
            ("key", .string(worker.keyName)),
        ])
    }
}
