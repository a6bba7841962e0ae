import FirnCommands
import FirnProtocol
import FoundationEssentials

/// Shows why a job waits, or ended as it did.
enum ExplanationReport {
    /// A line for each reason.
    static func text(_ explanation: WireExplanation) -> String {
        explanation.reasons.map { reason in
            let until = reason.untilUnixMs > 0 ? " (\(time(reason.untilUnixMs)))" : ""
            return "  \(TerminalText.line(reason.text))\(until)\n"
        }.joined()
    }

    static func json(_ explanation: WireExplanation) -> JSONValue {
        let reasons = explanation.reasons.map { reason in
            var members: [(String, JSONValue)] = [("kind", .string(name(reason.kind))), ("text", .string(reason.text))]
            if reason.untilUnixMs > 0 { members.append(("untilUnixMs", .number(reason.untilUnixMs))) }
            return JSONValue.object(members)
        }
        return .object([("status", StatusReport.json(explanation.status)), ("reasons", .array(reasons))])
    }

    /// The time in UTC.
    private static func time(_ unixMs: Int64) -> String {
        Date(timeIntervalSince1970: Double(unixMs) / 1_000).formatted(.iso8601)
    }

    private static func name(_ kind: WireReason.Kind) -> String {
        switch kind {
        case .unspecified: "unspecified"
        case .notBefore: "not-before"
        case .after: "after"
        case .paused: "paused"
        case .draining: "draining"
        case .store: "store"
        case .noWorker: "no-worker"
        case .preparing: "preparing"
        case .quota: "quota"
        case .keyLimit: "key-limit"
        case .order: "order"
        case .share: "share"
        case .busy: "busy"
        case .held: "held"
        case .running: "running"
        case .building: "building"
        case .orphaned: "orphaned"
        case .stopping: "stopping"
        case .committing: "committing"
        case .lostWorker: "lost-worker"
        case .ended: "ended"
        case .expiry: "expiry"
        case .UNRECOGNIZED(let number): "reason-\(number)"
        }
    }
}
