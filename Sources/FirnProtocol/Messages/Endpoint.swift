/// The coordinator's four sockets. Each admits one role and has its own ZAP domain.
public enum Endpoint: String, Sendable, Hashable, CaseIterable {
    /// A ROUTER that receives `ClientRequest` and sends `ClientReply`.
    case clients
    /// A ROUTER that receives `WorkerMessage` and sends `WorkerCommand`.
    case workers
    /// A PULL socket that receives `TraceMessage`.
    case traces
    /// A ROUTER with the clients' messages, for operators.
    case operators

    /// The ZAP domain of the endpoint.
    public var authenticationDomain: String { "firn.\(rawValue)" }

    public init?(authenticationDomain: String) {
        guard authenticationDomain.hasPrefix("firn.") else { return nil }
        self.init(rawValue: String(authenticationDomain.dropFirst("firn.".count)))
    }

    /// The only role that the endpoint admits.
    public var role: Role {
        switch self {
        case .clients: .client
        case .workers, .traces: .worker
        case .operators: .operator
        }
    }

    /// The port at which a coordinator listens by default.
    public var defaultPort: UInt16 {
        switch self {
        case .clients: 7701
        case .workers: 7702
        case .traces: 7703
        case .operators: 7704
        }
    }
}
