import FirnCommands
import FirnProtocol

/// Shows states and outcomes.
enum StatusReport {
    static func name(_ state: WireJobState) -> String {
        switch state {
        case .unspecified: "unspecified"
        case .delayed: "delayed"
        case .building: "building"
        case .blocked: "blocked"
        case .queued: "queued"
        case .held: "held"
        case .running: "running"
        case .finished: "finished"
        case .UNRECOGNIZED(let number): "state-\(number)"
        }
    }

    static func name(_ outcome: WireOutcomeKind) -> String {
        if let outcome = Outcome(wire: outcome) { return outcome.rawValue }
        return "outcome-\(outcome.rawValue)"
    }

    /// The outcome of a finished job, wherever the status contains it.
    static func outcome(_ status: WireJobStatus) -> WireOutcomeKind {
        status.hasResult ? status.result.outcome : status.outcome
    }

    /// The status on one line, such as `running, attempt 2`.
    static func text(_ status: WireJobStatus) -> String {
        var text = name(status.state)
        if status.state == .finished { text += " \(name(outcome(status)))" }
        if status.attempt > 0 { text += ", attempt \(status.attempt)" }
        if !status.worker.isEmpty { text += ", \(TerminalText.line(status.worker))" }
        return text
    }

    static func json(_ status: WireJobStatus) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("job", .unsigned(status.job)), ("state", .string(name(status.state))),
            ("attempt", .unsigned(UInt64(status.attempt))),
        ]
        if status.state == .finished { members.append(("outcome", .string(name(outcome(status))))) }
        if !status.label.isEmpty { members.append(("label", .string(status.label))) }
        if status.priority != 0 { members.append(("priority", .number(Int64(status.priority)))) }
        let texts = [("tenant", status.tenant), ("worker", status.worker)]
        members += texts.filter { !$0.1.isEmpty }.map { ($0.0, .string($0.1)) }
        if status.tenantJob > 0 { members.append(("tenantJob", .unsigned(status.tenantJob))) }
        let times = [
            ("submittedUnixMs", status.submittedUnixMs), ("startedUnixMs", status.startedUnixMs),
            ("finishedUnixMs", status.finishedUnixMs),
        ]
        members += times.filter { $0.1 != 0 }.map { ($0.0, .number($0.1)) }
        if !status.lostWorkers.isEmpty {
            members.append(("lostWorkers", .array(status.lostWorkers.map { .string($0) })))
        }
        if status.hasResult { members += ResultReport.members(status.result) }
        return .object(members)
    }
}
