import SwiftProtobuf

/// A message of the coordinator to a client or an operator.
public enum ClientReply: WireMessage {
    case welcome(WireClientWelcome)
    case submitReply(WireSubmitReply)
    case jobStatus(WireJobStatus)
    case jobUpdates(WireJobUpdates)
    case resultPart(WireResultPart)
    case jobList(WireJobList)
    case cancelReply(WireCancelReply)
    case queueReport(WireQueueReport)
    case workerList(WireWorkerList)
    case drainReply(WireDrainReply)
    case tracePart(WireTracePart)
    case closurePart(WireClosurePart)
    case objectParts(WireObjectParts)
    case explanation(WireExplanation)
    case retryReply(WireRetryReply)
    case tenantList(WireTenantList)
    case keyList(WireKeyList)
    case ping(WirePing)
    case pong(WirePong)
    case error(WireError)

    public var kind: MessageKind {
        switch self {
        case .welcome: .clientWelcome
        case .submitReply: .submitReply
        case .jobStatus: .jobStatus
        case .jobUpdates: .jobUpdates
        case .resultPart: .resultPart
        case .jobList: .jobList
        case .cancelReply: .cancelReply
        case .queueReport: .queueReport
        case .workerList: .workerList
        case .drainReply: .drainReply
        case .tracePart: .tracePart
        case .closurePart: .closurePart
        case .objectParts: .objectParts
        case .explanation: .explanation
        case .retryReply: .retryReply
        case .tenantList: .tenantList
        case .keyList: .keyList
        case .ping: .ping
        case .pong: .pong
        case .error: .error
        }
    }

    public var body: any SwiftProtobuf.Message & Sendable {
        switch self {
        case .welcome(let body): body
        case .submitReply(let body): body
        case .jobStatus(let body): body
        case .jobUpdates(let body): body
        case .resultPart(let body): body
        case .jobList(let body): body
        case .cancelReply(let body): body
        case .queueReport(let body): body
        case .workerList(let body): body
        case .drainReply(let body): body
        case .tracePart(let body): body
        case .closurePart(let body): body
        case .objectParts(let body): body
        case .explanation(let body): body
        case .retryReply(let body): body
        case .tenantList(let body): body
        case .keyList(let body): body
        case .ping(let body): body
        case .pong(let body): body
        case .error(let body): body
        }
    }

    /// Decodes a body; nil if the kind does not belong to this direction.
    ///
    /// - Throws: an error of SwiftProtobuf if the body is malformed.
    public static func decode(_ kind: MessageKind, _ body: [UInt8]) throws -> ClientReply? {
        switch kind {
        case .clientWelcome: .welcome(try WireClientWelcome(serializedBytes: body))
        case .submitReply: .submitReply(try WireSubmitReply(serializedBytes: body))
        case .jobStatus: .jobStatus(try WireJobStatus(serializedBytes: body))
        case .jobUpdates: .jobUpdates(try WireJobUpdates(serializedBytes: body))
        case .resultPart: .resultPart(try WireResultPart(serializedBytes: body))
        case .jobList: .jobList(try WireJobList(serializedBytes: body))
        case .cancelReply: .cancelReply(try WireCancelReply(serializedBytes: body))
        case .queueReport: .queueReport(try WireQueueReport(serializedBytes: body))
        case .workerList: .workerList(try WireWorkerList(serializedBytes: body))
        case .drainReply: .drainReply(try WireDrainReply(serializedBytes: body))
        case .tracePart: .tracePart(try WireTracePart(serializedBytes: body))
        case .closurePart: .closurePart(try WireClosurePart(serializedBytes: body))
        case .objectParts: .objectParts(try WireObjectParts(serializedBytes: body))
        case .explanation: .explanation(try WireExplanation(serializedBytes: body))
        case .retryReply: .retryReply(try WireRetryReply(serializedBytes: body))
        case .tenantList: .tenantList(try WireTenantList(serializedBytes: body))
        case .keyList: .keyList(try WireKeyList(serializedBytes: body))
        case .ping: .ping(try WirePing(serializedBytes: body))
        case .pong: .pong(try WirePong(serializedBytes: body))
        case .error: .error(try WireError(serializedBytes: body))
        default: nil
        }
    }
}
