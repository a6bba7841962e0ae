import FirnKeys
import FirnProtocol
import Foundation
import JobStore
import Logging
import ServiceLifecycle
import ZeroMQ

/// A running coordinator: four sockets, the job store, and the `CoordinatorStateMachine` between them.
///
/// One thread reads the sockets and runs the state machine. All store operations of one turn of that thread form a
/// batch. While the store commits a batch, the operations of later turns gather for the next one, so a slow disk makes
/// batches larger and delays no heartbeat. What waited for the disk continues in the turn in which the store replies.
///
///     sockets ─▶ events ─▶ machine ─▶ actions ─▶ sockets
///                   ▲                    │
///                   └──── store thread ◀─┘
public actor CoordinatorService: Service {
    nonisolated let executor: PollingExecutor
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// The bound endpoints, with the ports that the system chose.
    public nonisolated let endpoints: CoordinatorConfiguration.Endpoints

    var configuration: CoordinatorConfiguration
    let logger: Logger
    let authorizer: PeerAuthorizer
    let store: JobStore
    let reader: StoreReader
    /// Runs what may wait for the disk: questions about finished jobs, and the reading of keys.
    let readQueue = DispatchQueue(label: "firn.reads", qos: .userInitiated)
    /// Adds objects to the binary cache, for minutes if they are large; nil if there is none.
    let publisher: CachePublisher?
    let publishQueue = DispatchQueue(label: "firn.publishing", qos: .utility)
    /// Nil once `run` has ended, so that peers see at once that the coordinator is gone.
    var sockets: CoordinatorSockets?

    var machine: CoordinatorStateMachine
    var reporter = MetricsReporter()
    /// The next batch, and the number of operations in the batch being committed; 0 if there is none.
    var pending: [JobStoreOperation] = []
    var committing = 0
    var segments: [TraceSegment] = []
    var isAppendingTraces = false
    /// The send queues of workers.
    var workerQueues: [Peer: WorkerSendQueue] = [:]
    /// The send queues of clients and operators, and their peers by the number of the queue. A queue exists while it is
    /// not empty.
    var clientQueues: [Peer: ClientSendQueue] = [:]
    var clientsByNumber: [UInt64: Peer] = [:]
    var lastClientNumber: UInt64 = 0
    let ledger: ReleaseLedger
    var unreachable: [Peer] = []
    /// The connections of clients, operators and workers that said hello.
    var connections: [Peer: PeerConnection] = [:]
    let tenantChanges: TenantChangesFile
    /// The counts of refusals that were logged.
    var loggedRefusals: [String: Int] = [:]
    /// Whether a socket was not read empty in this turn.
    var hasMoreMessages = false
    var hasEvents = true
    var tickTimer: (timer: PollingExecutor.Timer, time: Int64)?
    var isTickDue = true
    private var ended: CheckedContinuation<Void, Never>?
    private var isStarted = false
    private var isEnding = false

    /// Opens the store and binds the endpoints; `run` then serves them.
    ///
    /// - Throws: `CoordinatorError` for an unusable value, `KeyError`, `JobStoreError`, or `ZeroMQError` (for an
    ///   address in use, for example). Each says what to do.
    public init(_ configuration: CoordinatorConfiguration, logger: Logger) throws {
        try configuration.check()
        self.logger = logger
        authorizer = try PeerAuthorizer(configuration.access, logger: logger)
        let store = try JobStore(directory: configuration.storeDirectory)
        self.store = store
        tenantChanges = TenantChangesFile(storeDirectory: configuration.storeDirectory)
        publisher = try configuration.settings.closureCache.map { try CachePublisher($0, store: store) }
        let executor = try PollingExecutor(name: "firn-coordinator")
        self.executor = executor
        // The empty task causes a turn, which takes what was recorded.
        ledger = ReleaseLedger { executor.post {} }
        let context = try Context(ioThreads: configuration.ioThreads)
        let security = try authorizer.security()
        if !authorizer.isPlain {
            try context.startAuthentication { [authorizer] in authorizer.authorize($0) }
        }
        let sockets = try CoordinatorSockets(configuration, context: context, security: security)
        endpoints = sockets.endpoints
        self.sockets = sockets
        var configuration = configuration
        if configuration.settings.traceEndpoint.isEmpty {
            configuration.settings.traceEndpoint = Self.advertised(endpoints.traces)
        }
        self.configuration = configuration
        reader = StoreReader(store: store, settings: configuration.settings)
        let instance = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        machine = CoordinatorStateMachine(
            settings: configuration.settings, changes: try tenantChanges.read(), open: try store.openJobs(),
            instance: instance,
            software: configuration.software, time: .current())
    }

    /// A wildcard address means nothing to workers. With `*` as the host they use the host that they already connect
    /// to.
    private static func advertised(_ endpoint: String) -> String {
        for wildcard in ["tcp://0.0.0.0:", "tcp://[::]:"] where endpoint.hasPrefix(wildcard) {
            return "tcp://*:" + endpoint.dropFirst(wildcard.count)
        }
        return endpoint
    }

    /// Serves until graceful shutdown, which drains: no jobs are accepted or leased, and `run` ends when no worker
    /// holds a job or after `drainTimeout`. Cancelling the task ends it at once. Accepted jobs stay in the store.
    public func run() async throws {
        guard !isStarted else { throw CoordinatorError.started }
        isStarted = true
        start()
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withCheckedContinuation { continuation in
                    if isEnding { return continuation.resume() }
                    ended = continuation
                }
            } onGracefulShutdown: {
                self.executor.post { self.assumeIsolated { $0.beginDrain() } }
            }
        } onCancel: {
            self.executor.post { self.assumeIsolated { $0.end() } }
        }
        // The sockets are closed here and not in a deinit: on the thread that polls them, and before another
        // coordinator may bind.
        executor.unregisterAll()
        sockets = nil
        if committing == 0, !pending.isEmpty { _ = try store.apply(pending) }
        try store.close()
        logger.info("the coordinator has stopped")
    }

    private func start() {
        for endpoint in Endpoint.allCases {
            sockets?.register(endpoint, on: executor) { [weak self] in self?.assumeIsolated { $0.read(endpoint) } }
        }
        executor.setEndOfTurn { [weak self] in self?.assumeIsolated { $0.endTurn() } }
        every(configuration.retentionInterval) { $0.retain() }
        every(.seconds(1)) { $0.report() }
        every(.seconds(1)) { $0.forgetConnections() }
        every(configuration.refusalLogInterval) { $0.logRefusals() }
        if !authorizer.isPlain { every(configuration.keyReloadInterval) { $0.reloadKeys() } }
        logger.info(
            "the coordinator serves",
            metadata: [
                "clients": "\(endpoints.clients)", "workers": "\(endpoints.workers)", "traces": "\(endpoints.traces)",
                "operators": "\(endpoints.operators)", "store": "\(configuration.storeDirectory)",
            ])
    }

    private func beginDrain() {
        logger.info("draining")
        apply(.drain)
        schedule(after: configuration.drainTimeout) { service in
            service.logger.warning("the drain took too long: leases stay in the store")
            service.end()
        }
    }

    /// Makes `run` return.
    func end() {
        isEnding = true
        ended?.resume()
        ended = nil
    }
}

/// A coordinator to run, as other modules see it.
public struct RunningCoordinator: Sendable {
    public let service: any Service
    /// The endpoints at which it listens.
    public let endpoints: CoordinatorConfiguration.Endpoints
    /// Puts another configuration in force as far as that is possible: tenants, retention and keys. The result is whether
    /// other values differ, which need a restart. An unusable configuration is an error and changes nothing.
    public let reconfigure: @Sendable (CoordinatorConfiguration) async throws -> Bool
}

extension CoordinatorConfiguration {
    /// Makes a coordinator by `CoordinatorService.init`, and returns it with the endpoints at which it listens.
    ///
    /// This function exists because the optimiser of Swift 6.3 fails with "circular reference" where another module
    /// names that actor.
    @inline(never) @_semantics("optimize.no.crossmodule")
    public func makeService(logger: Logger) throws -> RunningCoordinator {
        let service = try CoordinatorService(self, logger: logger)
        return RunningCoordinator(service: service, endpoints: service.endpoints) {
            try await service.reconfigure($0)
        }
    }
}
