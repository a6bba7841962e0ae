import FirnKeys
import FirnProtocol
import Foundation
import JobStore
import Platform

@testable import FirnCoordinator

/// A state machine with a store in memory, a clock that the test sets, and a record of all its actions.
struct Farm {
    var machine: CoordinatorStateMachine
    var store = MemoryStore()
    var time = CoordinatorTime(steady: 1_000_000, wall: 1_700_000_000_000)
    let settings: CoordinatorSettings
    /// Clients that do not read.
    var deaf: Set<Peer> = []
    /// Operations that were not given to the store yet.
    private(set) var uncommitted: [JobStoreOperation] = []
    private(set) var replies: [(peer: Peer, correlation: UInt64, reply: ClientReply)] = []
    private(set) var commands: [(peer: Peer, correlation: UInt64, command: WorkerCommand)] = []
    private(set) var reads: [CoordinatorRead] = []
    private(set) var traces: [TraceSegment] = []
    /// Operations on store objects that were not applied.
    private(set) var uploads: [(operation: UploadOperation, job: JobID, attempt: UInt32)] = []
    /// The names of the complete objects of each run.
    private(set) var objects: [RunKey: Set<Data>] = [:]
    /// Attempts whose uploads were discarded, and those whose objects were to be added to the cache.
    private(set) var dropped: [(job: JobID, attempt: UInt32)] = []
    private(set) var published: [(job: JobID, attempt: UInt32)] = []
    /// Why operations on store objects fail; nil if they do not.
    var uploadFault: String?
    private(set) var discarded: [Peer] = []
    private(set) var isDrained = false
    /// What operators changed, and the changes that are not reported as done.
    private(set) var savedTenants: [WireTenantChanges] = []
    private(set) var keyChanges: [KeyChange] = []
    private(set) var disconnected: [Peer] = []

    init(settings: CoordinatorSettings = CoordinatorSettings()) {
        self.settings = settings
        machine = CoordinatorStateMachine(settings: settings, instance: [1], software: "test", time: time)
    }

    /// Reports that the oldest change of an operator is on disk, or why it could not be made.
    mutating func finishChange(fault: ProtocolError? = nil) {
        machine.handle(.changed(fault), at: time)
        turn()
    }

    /// Starts a new coordinator on the same store. Uncommitted operations and all connections are lost.
    mutating func restart() {
        uncommitted = []
        clear()
        machine = CoordinatorStateMachine(
            settings: settings, changes: savedTenants.last ?? WireTenantChanges(), open: store.open, instance: [2],
            software: "test", time: time)
        turn()
    }

    mutating func clear() {
        replies = []
        commands = []
        reads = []
    }

    /// Applies the waiting operations to the store. The state machine is not told of the replies.
    mutating func storeOperations() -> [JobStoreReply] {
        defer { uncommitted = [] }
        return store.apply(uncommitted)
    }

    /// Ends a turn without a commit.
    mutating func turn() {
        for action in machine.finishTurn(at: time) {
            switch action {
            case .reply(let peer, let correlation, let reply):
                replies.append((peer, correlation, reply))
                if !deaf.contains(peer) { machine.handle(.released(peer, bytes: reply.bytes), at: time) }
            case .command(let peer, let correlation, let command): commands.append((peer, correlation, command))
            case .store(let operation): uncommitted.append(operation)
            case .read(let read): reads.append(read)
            case .discard(let peer): discarded.append(peer)
            case .appendTrace(let segment): traces.append(segment)
            case .upload(let operation, let job, let attempt): uploads.append((operation, job, attempt))
            case .publish(let job, let attempt): published.append((job, attempt))
            case .saveTenants(let changes): savedTenants.append(changes)
            case .changeKey(let change): keyChanges.append(change)
            case .listTenants(let name, let peer, let correlation):
                let list = machine.tenantList(name, keys: ["acme": ["laptop"]])
                machine.handle(.list(.tenantList(list), peer, correlation: correlation), at: time)
                turn()
            case .listKeys(_, let peer, let correlation, let closed):
                let list = WireKeyList.with { $0.closed = UInt32(closed) }
                machine.handle(.list(.keyList(list), peer, correlation: correlation), at: time)
                turn()
            case .disconnect(let peer): disconnected.append(peer)
            case .drained: isDrained = true
            }
        }
    }

    /// Commits the waiting operations once.
    mutating func commit() {
        turn()
        guard !uncommitted.isEmpty else { return }
        let batch = uncommitted
        uncommitted = []
        machine.handle(.stored(store.apply(batch)), at: time)
        turn()
    }

    /// Applies the oldest operation on store objects.
    mutating func storeUpload() {
        guard !uploads.isEmpty else { return }
        let (operation, id, attempt) = uploads.removeFirst()
        var known: Set<Data> = []
        let run = machine.jobs[id].map { RunKey($0) }
        if let uploadFault {
            machine.handle(
                .uploaded(id, attempt: attempt, .failure(.database(reason: uploadFault))), at: time)
            return turn()
        }
        switch operation {
        case .offer(_, _, let names): if let run { known = objects[run, default: []].intersection(names) }
        case .append(let pieces):
            for piece in pieces where piece.length != nil {
                if let run { objects[run, default: []].insert(piece.name) }
            }
        case .discard: dropped.append((id, attempt))
        }
        machine.handle(.uploaded(id, attempt: attempt, .success(known)), at: time)
        turn()
    }

    /// Applies all operations on store objects, and commits.
    mutating func storeUploads() {
        turn()
        while !uploads.isEmpty { storeUpload() }
        settle()
    }

    /// Commits until no operation is left.
    mutating func settle() {
        turn()
        while !uncommitted.isEmpty { commit() }
    }

    mutating func pass(_ milliseconds: Int64) {
        time.steady += milliseconds
        time.wall += milliseconds
        machine.handle(.tick, at: time)
        turn()
    }

    /// Advances time in small steps, so that the state machine sees no stall.
    mutating func passInSteps(_ milliseconds: Int64, each step: (inout Farm) -> Void = { _ in }) {
        var rest = milliseconds
        while rest > 0 {
            pass(min(rest, settings.heartbeat.milliseconds / 4))
            rest -= settings.heartbeat.milliseconds / 4
            step(&self)
            settle()
        }
    }

    // MARK: clients

    static let client = Peer(endpoint: .clients, routingID: [1])
    static let operatorPeer = Peer(endpoint: .operators, routingID: [9])

    static func identity(tenant: String) -> Identity {
        identity("client/\(tenant)/key")
    }

    private static func identity(_ userID: String) -> Identity {
        guard let identity = Identity(userID: userID) else { preconditionFailure("not a user id: \(userID)") }
        return identity
    }

    mutating func ask(
        _ request: ClientRequest, _ correlation: UInt64 = 7, from peer: Peer = Farm.client, tenant: String = "acme"
    ) {
        let identity = peer.endpoint == .operators ? Self.identity("operator/root") : Self.identity(tenant: tenant)
        machine.handle(.client(peer, identity, Envelope(request, correlation: correlation)), at: time)
    }

    mutating func hello(from peer: Peer = Farm.client, tenant: String = "acme") {
        ask(.hello(WireClientHello()), 1, from: peer, tenant: tenant)
    }

    static func job(_ text: String, _ change: (inout WireJobSpecification) -> Void = { _ in }) -> WireJobSpecification {
        var job = WireJobSpecification.with { $0.source.text = Data(text.utf8) }
        change(&job)
        return job
    }

    /// Submits and commits jobs. Returns the coordinator's ids of the accepted ones, not the tenant's numbers.
    mutating func submit(
        _ jobs: [WireJobSpecification], watch: Bool = false, correlation: UInt64 = 7, from peer: Peer = Farm.client,
        tenant: String = "acme"
    ) -> [JobID] {
        let before = replies.count
        ask(
            .submit(
                .with {
                    $0.jobs = jobs.map { Data($0.encoded()) }
                    $0.watch = watch
                }), correlation, from: peer, tenant: tenant)
        commit()
        return replies[before...].flatMap { answer -> [JobID] in
            guard case .submitReply(let reply) = answer.reply else { return [] }
            return reply.receipts.compactMap { store.find(.number(Int64($0.accepted.job), tenant: tenant)) }
        }
    }

    var errors: [WireErrorCode] {
        replies.compactMap { if case .error(let error) = $0.reply { error.code } else { nil } }
    }

    var receipts: [WireReceipt] {
        replies.flatMap { if case .submitReply(let reply) = $0.reply { reply.receipts } else { [WireReceipt]() } }
    }

    var updates: [WireJobStatus] {
        replies.flatMap { if case .jobUpdates(let part) = $0.reply { part.updates } else { [WireJobStatus]() } }
    }

    // MARK: workers

    static func worker(_ number: UInt8) -> Peer { Peer(endpoint: .workers, routingID: [0, number]) }

    mutating func tell(_ peer: Peer, _ message: WorkerMessage, correlation: UInt64 = 0) {
        let envelope = Envelope(message, correlation: correlation)
        machine.handle(.worker(peer, Self.identity("worker/key"), address: "127.0.0.1", envelope), at: time)
    }

    mutating func connect(
        _ peer: Peer, name: String, instance: UInt8 = 1, credit: UInt32 = 0, leases: [WireLease] = [],
        roots: [WireRoot] = [], builds: Bool = false, prepared: [WirePreparedSet] = [],
        predecessor: WirePredecessor? = nil, closures: Bool = true
    ) {
        tell(
            peer,
            .hello(
                .with {
                    $0.name = name
                    $0.instance = Data([instance])
                    $0.evaluatorVersions = ["1"]
                    $0.leases = leases
                    $0.roots = roots
                    $0.builds = builds
                    $0.preparedSets = prepared
                    if let predecessor { $0.predecessor = predecessor }
                    $0.closures = closures
                }), correlation: 3)
        if credit > 0 { tell(peer, .credit(.with { $0.jobs = credit })) }
    }

    static func lease(_ id: JobID, _ attempt: UInt32, running: Bool = true) -> WireLease {
        .with {
            $0.job = UInt64(id.rawValue)
            $0.attempt = attempt
            $0.running = running
        }
    }

    mutating func heartbeat(_ peer: Peer, _ leases: [WireLease]) {
        tell(peer, .heartbeat(.with { $0.leases = leases }))
    }

    mutating func finish(
        _ peer: Peer, _ id: JobID, _ attempt: UInt32, _ outcome: WireOutcomeKind = .ok, value: String = "42",
        fuel: UInt64 = 100, cpuNanoseconds: UInt64 = 0, evaluating: WireLease? = nil,
        closure: WireClosureSummary? = nil
    ) {
        let result = WireJobResult.with {
            $0.outcome = outcome
            $0.value = Data(value.utf8)
            $0.valueBytes = UInt64(value.utf8.count)
            $0.statistics.fuel = fuel
            $0.statistics.cpuNs = cpuNanoseconds
            if let closure { $0.closure = closure }
        }
        tell(
            peer,
            .results(
                .with {
                    $0.results = [
                        .with {
                            $0.job = UInt64(id.rawValue)
                            $0.attempt = attempt
                            $0.result = result
                        }
                    ]
                    if let evaluating { $0.evaluating = evaluating }
                }))
    }

    /// Says that a job needs outputs of derivations, each named by a letter.
    mutating func need(
        _ peer: Peer, _ id: JobID, _ attempt: UInt32, _ names: [String], fuel: UInt64 = 100,
        change: (inout WireJobResult) -> Void = { _ in }
    ) {
        var result = WireJobResult.with {
            $0.statistics.fuel = fuel
            $0.needed = names.map { name in
                .with {
                    $0.derivation = Data("/nix/store/\(name).drv".utf8)
                    $0.output = Data("out".utf8)
                    $0.path = Data("/nix/store/\(name)".utf8)
                }
            }
        }
        change(&result)
        let attempt = WireAttemptResult.with {
            $0.job = UInt64(id.rawValue)
            $0.attempt = attempt
            $0.result = result
        }
        tell(peer, .results(.with { $0.results = [attempt] }))
    }

    /// Says that the builds of a job have ended, and which of the outputs of `need` could not be built.
    mutating func endBuilds(_ peer: Peer, _ id: JobID, failures: [String] = []) {
        let ended = WireBuildsEnded.with {
            $0.job = UInt64(id.rawValue)
            $0.failures = failures.map { name in
                .with {
                    $0.output = Data("/nix/store/\(name).drv^out".utf8)
                    $0.reason = Data("no luck with \(name)".utf8)
                }
            }
        }
        tell(peer, .buildsEnded(ended))
    }

    /// The builds that the peer was told to begin, in order.
    func startedBuilds(_ peer: Peer) -> [JobID] {
        commands.compactMap { said in
            guard said.peer == peer, case .startBuilds(let start) = said.command else { return nil }
            return JobID(rawValue: Int64(start.job))
        }
    }

    /// Everything that was dispatched to the peer, in order.
    func assignments(_ peer: Peer) -> [WireAssignment] {
        commands.flatMap { said -> [WireAssignment] in
            guard said.peer == peer, case .dispatch(let dispatch) = said.command else { return [] }
            return dispatch.assignments
        }
    }

    /// The last reply to uploads that the peer was sent.
    func uploadReply(_ peer: Peer) -> WireUploadReply? {
        commands.compactMap { said -> WireUploadReply? in
            guard said.peer == peer, case .uploadReply(let reply) = said.command else { return nil }
            return reply
        }.last
    }

    func stale(_ peer: Peer) -> [WireStaleLease] {
        commands.flatMap { said -> [WireStaleLease] in
            guard said.peer == peer, case .stale(let stale) = said.command else { return [] }
            return stale.leases
        }
    }

    func committed(_ peer: Peer) -> [WireLease] {
        commands.flatMap { said -> [WireLease] in
            guard said.peer == peer, case .resultsCommitted(let committed) = said.command else { return [] }
            return committed.leases
        }
    }

    func cancelRequests(_ peer: Peer) -> [WireLease] {
        commands.flatMap { said -> [WireLease] in
            guard said.peer == peer, case .cancelAttempts(let cancel) = said.command else { return [] }
            return cancel.leases
        }
    }

    /// The state of an open job as a client sees it; nil if the job is finished.
    func state(of id: JobID) -> WireJobState? { machine.jobs[id]?.wireState }

    func outcome(_ id: JobID) -> WireOutcomeKind? {
        store.jobs[id]?.outcome.flatMap { WireOutcomeKind(rawValue: Int($0.code)) }
    }
}
