import FirnProtocol
import Platform
import ZeroMQ

/// The configuration of a coordinator process. Sizes are in bytes and times in milliseconds.
public struct CoordinatorConfiguration: Sendable {
    /// The addresses at which the coordinator listens, such as `tcp://127.0.0.1:7701` or
    /// `ipc:///run/firn/clients.sock`. With `*` as the port the system chooses one, which
    /// `CoordinatorService.endpoints` names.
    public struct Endpoints: Sendable, Hashable {
        public var clients: String
        public var workers: String
        public var traces: String
        public var operators: String

        public init(clients: String, workers: String, traces: String, operators: String) {
            self.clients = clients
            self.workers = workers
            self.traces = traces
            self.operators = operators
        }

        /// The default ports at one address.
        public init(address: String = "127.0.0.1") {
            self.init(
                clients: "tcp://\(address):\(Endpoint.clients.defaultPort)",
                workers: "tcp://\(address):\(Endpoint.workers.defaultPort)",
                traces: "tcp://\(address):\(Endpoint.traces.defaultPort)",
                operators: "tcp://\(address):\(Endpoint.operators.defaultPort)")
        }

        /// The address of an endpoint.
        public subscript(endpoint: Endpoint) -> String {
            switch endpoint {
            case .clients: clients
            case .workers: workers
            case .traces: traces
            case .operators: operators
            }
        }
    }

    /// Who may connect.
    public enum Access: Sendable, Hashable {
        /// Peers whose keys are in this directory, which is laid out as in protocol/firn-1.md, section 9. All traffic
        /// is encrypted.
        case curve(keyDirectory: String)
        /// Everyone who can reach the endpoints, which must be loopback or ipc. All clients belong to this tenant.
        case plain(tenant: String)
    }

    public var endpoints: Endpoints
    public var access: Access
    /// A local directory for jobs, results and traces. It is created if it does not exist.
    public var storeDirectory: String
    public var settings: CoordinatorSettings
    /// The name and version of the software, as told to peers.
    public var software = "firn"
    /// How long the coordinator waits for running jobs after SIGTERM. Their leases are stored, so jobs that are left
    /// continue in their workers and are taken over by the next start.
    public var drainTimeout = Duration.seconds(30)
    /// How often jobs past their retention are removed.
    public var retentionInterval = Duration.seconds(10)
    /// How often the key directory is read again, and so how long a removed key may still be used.
    public var keyReloadInterval = Duration.seconds(2)
    /// How often it is logged what was refused.
    public var refusalLogInterval = Duration.seconds(60)
    /// Messages that libzmq queues to and from a peer. From a client it queues at most 8, because each may be large.
    public var highWaterMessages: Int32 = 1_000
    /// Bytes of messages queued for a worker that reads too slowly. Above that, the worker has to say hello again.
    /// Replies to clients are bounded by `CoordinatorSettings.connectionAnswerBytes`, `answerBytes` and the tenant's
    /// policy.
    public var backlogBytes = 64 << 20
    /// Threads of libzmq, which encrypt and decrypt. One of them serves several thousand jobs a second.
    public var ioThreads = 1
    public var ipv6 = false

    public init(
        endpoints: Endpoints = Endpoints(), access: Access, storeDirectory: String,
        settings: CoordinatorSettings = CoordinatorSettings()
    ) {
        self.endpoints = endpoints
        self.access = access
        self.storeDirectory = storeDirectory
        self.settings = settings
    }

    /// Checks all values.
    ///
    /// - Throws: `CoordinatorError.configuration`, which names the value and what is wrong with it.
    func check() throws(CoordinatorError) {
        try checkTimes()
        try checkSizes()
        try checkEndpoints()
        try settings.defaultPolicy.check(name: "tenantDefaults")
        for (name, policy) in settings.tenants.sorted(by: { $0.key < $1.key }) {
            try policy.check(name: "tenants.\(name)")
        }
    }

    private func checkTimes() throws(CoordinatorError) {
        let times: [(String, Duration, ClosedRange<Int64>)] = [
            ("leaseMs", settings.lease, 100...3_600_000),
            ("heartbeatMs", settings.heartbeat, 10...600_000),
            ("drainTimeoutMs", drainTimeout, 0...86_400_000),
            ("retentionIntervalMs", retentionInterval, 10...86_400_000),
            ("keyReloadMs", keyReloadInterval, 10...86_400_000),
            ("refusalLogMs", refusalLogInterval, 10...86_400_000),
            ("updateDelayMs", settings.updateDelay, 0...60_000),
            ("answers.stalledAfterMs", settings.stalledAfter, 100...86_400_000),
        ]
        for (name, value, range) in times { try Self.check(name, value.milliseconds, range) }
        guard settings.lease >= settings.heartbeat * 2 else {
            throw .configuration("leaseMs is \(settings.lease.milliseconds): it must be at least twice heartbeatMs")
        }
    }

    private func checkSizes() throws(CoordinatorError) {
        let sizes: [(String, Int, ClosedRange<Int>)] = [
            ("batchJobs", settings.batchJobs, 1...ProtocolLimits.batchJobs),
            ("batchBytes", settings.batchBytes, 1...ProtocolLimits.batchBytes),
            ("jobBytes", settings.jobBytes, 1...ProtocolLimits.jobBytes),
            ("inlineResultBytes", settings.inlineResultBytes, 0...ProtocolLimits.segmentBytes),
            ("segmentBytes", settings.segmentBytes, 1...ProtocolLimits.segmentBytes),
            ("uploadWindowBytes", settings.uploadWindowBytes, (64 << 10)...(64 << 20)),
            ("ioThreads", ioThreads, 1...64),
            ("highWaterMessages", Int(highWaterMessages), 1...1_000_000),
            ("answers.connectionBytes", settings.connectionAnswerBytes, 1...(1 << 40)),
            ("answers.bytes", settings.answerBytes, 1...(1 << 50)),
            ("lostWorkersToQuarantine", settings.lostWorkersToQuarantine, 1...1_000),
        ]
        for (name, value, range) in sizes { try Self.check(name, value, range) }
    }

    private static func check<Value: FixedWidthInteger>(
        _ name: String, _ value: Value, _ range: ClosedRange<Value>
    ) throws(CoordinatorError) {
        guard !range.contains(value) else { return }
        throw .configuration("\(name) is \(value), not \(range.lowerBound) to \(range.upperBound)")
    }

    private func checkEndpoints() throws(CoordinatorError) {
        for endpoint in Endpoint.allCases {
            if let fault = EndpointText.fault(inBound: endpoints[endpoint]) {
                throw .configuration("endpoints.\(endpoint.rawValue) is '\(endpoints[endpoint])': \(fault)")
            }
        }
        if !settings.traceEndpoint.isEmpty, let fault = EndpointText.fault(in: settings.traceEndpoint) {
            throw .configuration("traceEndpoint is '\(settings.traceEndpoint)': \(fault)")
        }
        guard case .plain(let tenant) = access else { return }
        guard Tenant(tenant) != nil else { throw .configuration("the tenant '\(tenant)' is not a tenant's name") }
        for endpoint in Endpoint.allCases where !Self.isLocal(endpoints[endpoint]) {
            throw .configuration(
                "\(endpoints[endpoint]): without keys only loopback and ipc endpoints may be bound; "
                    + "make keys with firn keys, or bind tcp://127.0.0.1")
        }
    }

    private static func isLocal(_ endpoint: String) -> Bool {
        ["ipc://", "inproc://", "tcp://127.", "tcp://localhost:", "tcp://[::1]:"].contains { endpoint.hasPrefix($0) }
    }
}

extension TenantPolicy {
    /// - Throws: if a default limit is above the tenant's maximum, so that a job that names no limit would be refused.
    fileprivate func check(name: String) throws(CoordinatorError) {
        let limits: [(String, KeyPath<WireLimits, UInt64>)] = [
            ("fuel", \.fuel), ("memory", \.memoryBytes), ("depth", \.depth), ("timeoutMs", \.timeoutMs),
            ("resultBytes", \.resultBytes), ("traceBytes", \.traceBytes),
            ("closureBytes", \.closureBytes),
        ]
        for (key, path) in limits where defaultLimits[keyPath: path] > maximumLimits[keyPath: path] {
            throw .configuration(
                "\(name).defaultLimits.\(key) is \(defaultLimits[keyPath: path]), above maximumLimits.\(key), "
                    + "\(maximumLimits[keyPath: path]): lower the first or raise the second")
        }
    }
}
