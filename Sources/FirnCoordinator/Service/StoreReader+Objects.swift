import FirnProtocol
import Foundation
import JobStore

/// Answers questions about the store objects of finished jobs.
extension StoreReader {
    func closure(_ question: WireReadClosure, _ read: CoordinatorRead) throws -> WireClosurePart {
        let (record, summary) = try finished(question.job, read)
        guard let parts = try store.closureParts(of: record.summary.id), parts.count == Int(summary.parts) else {
            throw Self.notKept(question.job)
        }
        var answer = WireClosurePart.with { $0.job = question.job }
        var bytes = 0
        for (index, number) in parts.enumerated() where index >= Int(question.firstPart) {
            guard bytes < CoordinatorRead.partBytes / 2 else {
                answer.nextPart = UInt32(clamping: index)
                break
            }
            guard let part = try store.closurePart(number, of: record.summary.id) else {
                throw Self.notKept(question.job)
            }
            answer.objects += try WireObjectOffer(encoded: part).objects
            bytes += part.count
        }
        return answer
    }

    func objects(_ question: WireReadObjects, _ read: CoordinatorRead) throws -> WireObjectParts {
        let (record, _) = try finished(question.job, read)
        var answer = WireObjectParts.with { $0.job = question.job }
        var room = CoordinatorRead.partBytes
        for (index, name) in question.names.enumerated() where room > 0 {
            let offset = index == 0 ? Int64(clamping: question.offset) : 0
            guard let (part, length) = try store.object(name, of: record.summary.id, from: offset, count: room) else {
                throw Self.notKept(question.job)
            }
            answer.pieces.append(
                .with {
                    $0.name = name
                    $0.offset = UInt64(clamping: offset)
                    $0.bytes = part
                    $0.last = offset + Int64(part.count) >= length
                })
            // The name and the numbers take room, too, which counts for objects of a few bytes.
            room -= part.count + name.count + 48
        }
        return answer
    }

    private func finished(
        _ number: UInt64, _ read: CoordinatorRead
    ) throws -> (JobRecord, WireClosureSummary) {
        let record = try record(number, read)
        guard let result = try result(of: record) else {
            throw ProtocolError(.notFinished, "job \(number) is not finished", retryAfter: Self.unfinishedMs)
        }
        guard result.hasClosure else { throw ProtocolError(.notKept, "job \(number) gave no store objects") }
        return (record, result.closure)
    }

    private static func notKept(_ number: UInt64) -> ProtocolError {
        ProtocolError(.notKept, "the store objects of job \(number) are not kept any more: submit it again")
    }
}
