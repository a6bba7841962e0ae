import SwiftProtobuf

/// A message of the coordinator to a worker.
public enum WorkerCommand: WireMessage {
    case welcome(WireWorkerWelcome)
    case dispatch(WireDispatch)
    case heartbeat(WireHeartbeat)
    case resultsCommitted(WireResultsCommitted)
    case stale(WireStale)
    case cancelAttempts(WireCancelAttempts)
    case drain(WireDrainWorker)
    case uploadReply(WireUploadReply)
    case startBuilds(WireStartBuilds)
    case prepareSet(WirePrepareSet)
    case error(WireError)

    public var kind: MessageKind {
        switch self {
        case .welcome: .workerWelcome
        case .dispatch: .dispatch
        case .heartbeat: .heartbeat
        case .resultsCommitted: .resultsCommitted
        case .stale: .stale
        case .cancelAttempts: .cancelAttempts
        case .drain: .drainWorker
        case .uploadReply: .uploadReply
        case .startBuilds: .startBuilds
        case .prepareSet: .prepareSet
        case .error: .error
        }
    }

    public var body: any SwiftProtobuf.Message & Sendable {
        switch self {
        case .welcome(let body): body
        case .dispatch(let body): body
        case .heartbeat(let body): body
        case .resultsCommitted(let body): body
        case .stale(let body): body
        case .cancelAttempts(let body): body
        case .drain(let body): body
        case .uploadReply(let body): body
        case .startBuilds(let body): body
        case .prepareSet(let body): body
        case .error(let body): body
        }
    }

    /// Decodes a body; nil if the kind does not belong to this direction.
    ///
    /// - Throws: an error of SwiftProtobuf if the body is malformed.
    public static func decode(_ kind: MessageKind, _ body: [UInt8]) throws -> WorkerCommand? {
        switch kind {
        case .workerWelcome: .welcome(try WireWorkerWelcome(serializedBytes: body))
        case .dispatch: .dispatch(try WireDispatch(serializedBytes: body))
        case .heartbeat: .heartbeat(try WireHeartbeat(serializedBytes: body))
        case .resultsCommitted: .resultsCommitted(try WireResultsCommitted(serializedBytes: body))
        case .stale: .stale(try WireStale(serializedBytes: body))
        case .cancelAttempts: .cancelAttempts(try WireCancelAttempts(serializedBytes: body))
        case .drainWorker: .drain(try WireDrainWorker(serializedBytes: body))
        case .uploadReply: .uploadReply(try WireUploadReply(serializedBytes: body))
        case .startBuilds: .startBuilds(try WireStartBuilds(serializedBytes: body))
        case .prepareSet: .prepareSet(try WirePrepareSet(serializedBytes: body))
        case .error: .error(try WireError(serializedBytes: body))
        default: nil
        }
    }
}
