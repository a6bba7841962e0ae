import SwiftProtobuf

/// A message of a worker to the coordinator.
public enum WorkerMessage: WireMessage {
    case hello(WireWorkerHello)
    case credit(WireCredit)
    case heartbeat(WireHeartbeat)
    case resultSegment(WireResultSegment)
    case results(WireResults)
    case release(WireRelease)
    case goodbye(WireGoodbye)
    case upload(WireUpload)
    case buildsEnded(WireBuildsEnded)
    case preparedSets(WirePreparedSets)
    case error(WireError)

    public var kind: MessageKind {
        switch self {
        case .hello: .workerHello
        case .credit: .credit
        case .heartbeat: .heartbeat
        case .resultSegment: .resultSegment
        case .results: .results
        case .release: .release
        case .goodbye: .goodbye
        case .upload: .upload
        case .buildsEnded: .buildsEnded
        case .preparedSets: .preparedSets
        case .error: .error
        }
    }

    public var body: any SwiftProtobuf.Message & Sendable {
        switch self {
        case .hello(let body): body
        case .credit(let body): body
        case .heartbeat(let body): body
        case .resultSegment(let body): body
        case .results(let body): body
        case .release(let body): body
        case .goodbye(let body): body
        case .upload(let body): body
        case .buildsEnded(let body): body
        case .preparedSets(let body): body
        case .error(let body): body
        }
    }

    /// Decodes a body; nil if the kind does not belong to this direction.
    ///
    /// - Throws: an error of SwiftProtobuf if the body is malformed.
    public static func decode(_ kind: MessageKind, _ body: [UInt8]) throws -> WorkerMessage? {
        switch kind {
        case .workerHello: .hello(try WireWorkerHello(serializedBytes: body))
        case .credit: .credit(try WireCredit(serializedBytes: body))
        case .heartbeat: .heartbeat(try WireHeartbeat(serializedBytes: body))
        case .resultSegment: .resultSegment(try WireResultSegment(serializedBytes: body))
        case .results: .results(try WireResults(serializedBytes: body))
        case .release: .release(try WireRelease(serializedBytes: body))
        case .goodbye: .goodbye(try WireGoodbye(serializedBytes: body))
        case .upload: .upload(try WireUpload(serializedBytes: body))
        case .buildsEnded: .buildsEnded(try WireBuildsEnded(serializedBytes: body))
        case .preparedSets: .preparedSets(try WirePreparedSets(serializedBytes: body))
        case .error: .error(try WireError(serializedBytes: body))
        default: nil
        }
    }
}
