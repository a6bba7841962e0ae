/// The coordinator's four sockets. Each admits one role, and is a ZAP domain of its own.
public enum Endpoint: String, Sendable, Hashable, CaseIterable {
    /// ROUTER; `ClientRequest` in, `ClientReply` out.
    case clients
    /// ROUTER; `WorkerMessage` in, `WorkerCommand` out.
    case workers
    /// PULL; `TraceMessage` in.
    case traces
    /// ROUTER; the clients' messages, for operators.
    case operators

    /// The domain that the authenticator is asked with.
    public var authenticationDomain: String { "firn.\(rawValue)" }

    public init?(authenticationDomain: String) {
        guard authenticationDomain.hasPrefix("firn.") else { return nil }
        self.init(rawValue: String(authenticationDomain.dropFirst("firn.".count)))
    }

    /// The one role that it admits.
    public var role: Role {
        switch self {
        case .clients: .client
        case .workers, .traces: .worker
        case .operators: .operator
        }
    }

    /// Where a coordinator listens unless told otherwise.
    public var defaultPort: UInt16 {
        switch self {
        case .clients: 7701
        case .workers: 7702
        case .traces: 7703
        case .operators: 7704
        }
    }
}
