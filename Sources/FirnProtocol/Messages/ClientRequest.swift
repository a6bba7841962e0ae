import SwiftProtobuf

/// A message of a client or an operator to the coordinator.
public enum ClientRequest: WireMessage {
    case hello(WireClientHello)
    case submit(WireSubmit)
    case get(WireGet)
    case watch(WireWatch)
    case unwatch(WireUnwatch)
    case readResult(WireReadResult)
    case listJobs(WireListJobs)
    case cancel(WireCancel)
    case getQueue(WireGetQueue)
    case listWorkers(WireListWorkers)
    case drain(WireDrain)
    case readTrace(WireReadTrace)
    case readClosure(WireReadClosure)
    case readObjects(WireReadObjects)
    case explain(WireExplain)
    case retry(WireRetry)
    case listTenants(WireListTenants)
    case changeTenant(WireChangeTenant)
    case changeKey(WireChangeKey)
    case ping(WirePing)
    case pong(WirePong)
    case error(WireError)

    public var kind: MessageKind {
        switch self {
        case .hello: .clientHello
        case .submit: .submit
        case .get: .get
        case .watch: .watch
        case .unwatch: .unwatch
        case .readResult: .readResult
        case .listJobs: .listJobs
        case .cancel: .cancel
        case .getQueue: .getQueue
        case .listWorkers: .listWorkers
        case .drain: .drain
        case .readTrace: .readTrace
        case .readClosure: .readClosure
        case .readObjects: .readObjects
        case .explain: .explain
        case .retry: .retry
        case .listTenants: .listTenants
        case .changeTenant: .changeTenant
        case .changeKey: .changeKey
        case .ping: .ping
        case .pong: .pong
        case .error: .error
        }
    }

    /// Whether the request is answered, and so needs a correlation id.
    public var isQuestion: Bool {
        switch self {
        case .hello, .submit, .get, .watch, .readResult, .listJobs, .cancel, .getQueue, .listWorkers, .drain,
            .readTrace, .readClosure, .readObjects, .explain, .retry, .listTenants, .changeTenant, .changeKey, .ping:
            true
        case .unwatch, .pong, .error: false
        }
    }

    public var body: any SwiftProtobuf.Message & Sendable {
        switch self {
        case .hello(let body): body
        case .submit(let body): body
        case .get(let body): body
        case .watch(let body): body
        case .unwatch(let body): body
        case .readResult(let body): body
        case .listJobs(let body): body
        case .cancel(let body): body
        case .getQueue(let body): body
        case .listWorkers(let body): body
        case .drain(let body): body
        case .readTrace(let body): body
        case .readClosure(let body): body
        case .readObjects(let body): body
        case .explain(let body): body
        case .retry(let body): body
        case .listTenants(let body): body
        case .changeTenant(let body): body
        case .changeKey(let body): body
        case .ping(let body): body
        case .pong(let body): body
        case .error(let body): body
        }
    }

    /// Decodes a body; nil if the kind does not belong to this direction.
    ///
    /// - Throws: an error of SwiftProtobuf if the body is malformed.
    public static func decode(_ kind: MessageKind, _ body: [UInt8]) throws -> ClientRequest? {
        switch kind {
        case .clientHello: .hello(try WireClientHello(serializedBytes: body))
        case .submit: .submit(try WireSubmit(serializedBytes: body))
        case .get: .get(try WireGet(serializedBytes: body))
        case .watch: .watch(try WireWatch(serializedBytes: body))
        case .unwatch: .unwatch(try WireUnwatch(serializedBytes: body))
        case .readResult: .readResult(try WireReadResult(serializedBytes: body))
        case .listJobs: .listJobs(try WireListJobs(serializedBytes: body))
        case .cancel: .cancel(try WireCancel(serializedBytes: body))
        case .getQueue: .getQueue(try WireGetQueue(serializedBytes: body))
        case .listWorkers: .listWorkers(try WireListWorkers(serializedBytes: body))
        case .drain: .drain(try WireDrain(serializedBytes: body))
        case .readTrace: .readTrace(try WireReadTrace(serializedBytes: body))
        case .readClosure: .readClosure(try WireReadClosure(serializedBytes: body))
        case .readObjects: .readObjects(try WireReadObjects(serializedBytes: body))
        case .explain: .explain(try WireExplain(serializedBytes: body))
        case .retry: .retry(try WireRetry(serializedBytes: body))
        case .listTenants: .listTenants(try WireListTenants(serializedBytes: body))
        case .changeTenant: .changeTenant(try WireChangeTenant(serializedBytes: body))
        case .changeKey: .changeKey(try WireChangeKey(serializedBytes: body))
        case .ping: .ping(try WirePing(serializedBytes: body))
        case .pong: .pong(try WirePong(serializedBytes: body))
        case .error: .error(try WireError(serializedBytes: body))
        default: nil
        }
    }
}
