import FirnProtocol
import ZeroMQ

/// The four bound sockets. They belong to the service's thread and are closed when this object is released.
final class CoordinatorSockets {
    private let clients: Socket
    private let workers: Socket
    private let operators: Socket
    private let traces: Socket
    /// The bound endpoints, with the ports that the system chose.
    let endpoints: CoordinatorConfiguration.Endpoints

    init(_ configuration: CoordinatorConfiguration, context: Context, security: SocketOptions.Security) throws {
        func open(_ kind: Socket.Kind, _ endpoint: Endpoint) throws -> Socket {
            try Socket(kind, context: context, options: configuration.options(for: endpoint, security))
        }
        clients = try open(.router, .clients)
        workers = try open(.router, .workers)
        operators = try open(.router, .operators)
        traces = try open(.pull, .traces)
        endpoints = CoordinatorConfiguration.Endpoints(
            clients: try clients.bind(configuration.endpoints.clients),
            workers: try workers.bind(configuration.endpoints.workers),
            traces: try traces.bind(configuration.endpoints.traces),
            operators: try operators.bind(configuration.endpoints.operators))
    }

    func register(_ endpoint: Endpoint, on executor: PollingExecutor, onReadable: @escaping @Sendable () -> Void) {
        switch endpoint {
        case .clients: _ = executor.register(clients, onReadable: onReadable)
        case .workers: _ = executor.register(workers, onReadable: onReadable)
        case .operators: _ = executor.register(operators, onReadable: onReadable)
        case .traces: _ = executor.register(traces, onReadable: onReadable)
        }
    }

    /// The next message that waits at the endpoint; nil if there is none.
    func receive(_ endpoint: Endpoint) throws(ZeroMQError) -> Message? {
        switch endpoint {
        case .clients: try clients.receive()
        case .workers: try workers.receive()
        case .operators: try operators.receive()
        case .traces: try traces.receive()
        }
    }

    /// - Parameter onRelease: see `Socket.send`.
    func send(
        _ frames: [[UInt8]], to peer: Peer, onRelease: (@Sendable () -> Void)?
    ) throws(ZeroMQError) -> SendOutcome {
        let frames = [peer.routingID] + frames
        return switch peer.endpoint {
        case .clients: try clients.send(frames, onRelease: onRelease)
        case .workers: try workers.send(frames, onRelease: onRelease)
        case .operators: try operators.send(frames, onRelease: onRelease)
        case .traces: .noRoute
        }
    }
}
