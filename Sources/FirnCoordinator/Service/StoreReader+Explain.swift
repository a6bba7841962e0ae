import FirnProtocol
import JobStore

/// Why a finished job ended as it did.
extension StoreReader {
    func explanation(of record: JobRecord, _ read: CoordinatorRead) throws -> WireExplanation {
        let result = try result(of: record)
        return try .with {
            $0.status = try status(of: record, read)
            $0.status.clearResult()
            if let result { $0.reasons = [Self.ended(result, record.summary)] }
            $0.reasons += $0.status.lostWorkers.map { WireReason(.lostWorker, $0) }
        }
    }

    private static func ended(_ result: WireJobResult, _ summary: JobSummary) -> WireReason {
        let outcome = Outcome(wire: result.outcome)?.rawValue ?? "outcome \(result.outcome.rawValue)"
        var text = "it ended \(outcome)"
        if result.cached { text += ", with the stored outcome of an equal job" }
        if result.hasFailure, !result.failure.message.isEmpty {
            text += ": " + String(decoding: result.failure.message.prefix(Self.messageBytes), as: UTF8.self)
        }
        return WireReason(.ended, text, until: summary.finished)
    }

    /// Bytes of a failure's message that a reason repeats.
    private static let messageBytes = 1_000
}
