import FirnClient
import FirnKeys
import FirnProtocol
import Foundation
import JobStore
import Logging
import ServiceLifecycle
import Testing
import ZeroMQ

@testable import FirnCoordinator

@Suite struct ServiceTests {
    private static let anywhere = CoordinatorConfiguration.Endpoints(
        clients: "tcp://127.0.0.1:*", workers: "tcp://127.0.0.1:*", traces: "tcp://127.0.0.1:*",
        operators: "tcp://127.0.0.1:*")

    private func configuration(
        in place: ScratchDirectory, endpoints: CoordinatorConfiguration.Endpoints = anywhere,
        access: CoordinatorConfiguration.Access = .plain(tenant: "acme")
    ) -> CoordinatorConfiguration {
        var configuration = CoordinatorConfiguration(
            endpoints: endpoints, access: access, storeDirectory: place.path + "/store")
        // The worker sends no heartbeats, and must not be given up while other tests keep all threads busy.
        configuration.settings.heartbeat = .seconds(10)
        configuration.settings.lease = .seconds(60)
        return configuration
    }

    private func jobs(_ texts: [String]) -> [WireJobSpecification] { texts.map { Farm.job($0) } }

    @Test func jobsGoThroughAndSurviveARestart() async throws {
        let place = try ScratchDirectory()
        let ipc = CoordinatorConfiguration.Endpoints(
            clients: "ipc://\(place.path)/c", workers: "ipc://\(place.path)/w", traces: "ipc://\(place.path)/t",
            operators: "ipc://\(place.path)/o")
        let configuration = configuration(in: place, endpoints: ipc)
        let first = try CoordinatorService(configuration, logger: Logger(label: "test"))
        let serving = Task { try await first.run() }
        let client = try await connect(ipc.clients)
        #expect(await client.welcome.tenant == "acme")
        let receipts = try await client.submit(jobs((0..<250).map { "job \($0)" }))
        #expect(receipts.compactMap(\.job) == Array(1...250))
        // The service is stopped before any worker connected.
        serving.cancel()
        try await serving.value
        let second = try CoordinatorService(configuration, logger: Logger(label: "test"))
        let servingAgain = Task { try await second.run() }
        let worker = try EchoWorker(name: "w", endpoints: ipc, security: .plain)
        await worker.start()
        for (job, text) in [(UInt64(1), "job 0"), (250, "job 249")] {
            let status = try await client.result(job, wait: .milliseconds(30_000))
            #expect(status.outcome == .ok && status.result.value == Data(text.utf8))
        }
        servingAgain.cancel()
        try await servingAgain.value
        await client.close()
    }

    @Test func valuesWatchesListsAndTracesAreReadBack() async throws {
        let place = try ScratchDirectory()
        let configuration = configuration(in: place)
        let service = try CoordinatorService(configuration, logger: Logger(label: "test"))
        let serving = Task { try await service.run() }
        let worker = try EchoWorker(name: "w", endpoints: service.endpoints, security: .plain)
        await worker.start()
        let client = try await connect(service.endpoints.clients)
        let traced = Farm.job("traced") { $0.traceLevel = .calls }
        let (receipts, updates) = try await client.submitAndWatch(jobs(["small", "large"]) + [traced])
        var finished: [UInt64: WireJobStatus] = [:]
        for try await update in updates where update.state == .finished { finished[update.job] = update }
        #expect(finished.count == 3)
        let large = try await client.result(try #require(receipts[1].job), wait: .milliseconds(1_000))
        #expect(large.result.value.count == 3 << 20 && large.result.value.last == 67)
        let again = try await client.watch([1, 2, 77])
        var seen: Set<UInt64> = []
        for try await update in again where update.state == .finished { seen.insert(update.job) }
        #expect(seen == [1, 2])
        // The segment travels on a socket of its own, so it may arrive after the result.
        var trace = try await client.trace(3)
        let deadline = Date().addingTimeInterval(10)
        while trace.segments.isEmpty, Date() < deadline { trace = try await client.trace(3) }
        #expect(trace.segments.map(\.number) == [0] && trace.nextSegment == 0)
        #expect(try await client.trace(3).summary.complete)
        await #expect(throws: ClientError.self) { try await client.trace(1) }
        serving.cancel()
        try await serving.value
        await client.close()
    }

    @Test func keysAreAdmittedByRoleAndATenantSeesItsOwn() async throws {
        let place = try ScratchDirectory()
        let directory = KeyDirectory(path: place.path + "/keys")
        let coordinator = try addKey(.coordinator, to: directory)
        let acme = try addPeer("client/acme/laptop", to: directory, coordinator)
        let other = try addPeer("client/other/laptop", to: directory, coordinator)
        let root = try addPeer("operator/root", to: directory, coordinator)
        let evaluator = try addPeer("worker/w", to: directory, coordinator)
        let configuration = configuration(in: place, access: .curve(keyDirectory: directory.path))
        let service = try CoordinatorService(configuration, logger: Logger(label: "test"))
        let serving = Task { try await service.run() }
        let endpoints = service.endpoints
        let worker = try EchoWorker(name: "w", endpoints: endpoints, security: evaluator)
        await worker.start()
        let mine = try await connect(endpoints.clients, acme)
        #expect(await mine.welcome.tenant == "acme")
        let receipts = try await mine.submit(jobs(["1"]))
        let job = try #require(receipts.first?.job)
        #expect(try await mine.result(job, wait: .milliseconds(10_000)).outcome == .ok)
        let theirs = try await connect(endpoints.clients, other)
        await #expect(throws: ClientError.self) { try await theirs.result(job) }
        let operators = try await connect(endpoints.operators, root)
        #expect(try await operators.result(job).tenant == "acme")
        #expect(try await operators.workers().map(\.name) == ["w"])
        // A key at an endpoint of another role, and an unknown key.
        await #expect(throws: ClientError.self) { _ = try await connect(endpoints.operators, acme) }
        let unknown = SocketOptions.Security.curveClient(
            keyPair: try CurveKeyPair.generate(), serverKey: coordinator.publicKey)
        await #expect(throws: ClientError.self) { _ = try await connect(endpoints.clients, unknown) }
        for connection in [mine, theirs, operators] { await connection.close() }
        serving.cancel()
        try await serving.value
    }

    /// Connects with a long timeout, because other tests may keep all threads busy for seconds.
    private func connect(
        _ endpoint: String, _ security: SocketOptions.Security = .plain
    ) async throws -> FirnClient {
        var configuration = ClientConfiguration(endpoint: endpoint, security: security)
        configuration.unreachableAfter = .seconds(600)
        return try await FirnClient.connect(configuration)
    }

    private func addPeer(
        _ userID: String, to directory: KeyDirectory, _ coordinator: CurveKeyPair
    ) throws -> SocketOptions.Security {
        let identity = try #require(Identity(userID: userID))
        return .curveClient(keyPair: try addKey(.peer(identity), to: directory), serverKey: coordinator.publicKey)
    }

    private func addKey(_ owner: KeyCertificate.Owner, to directory: KeyDirectory) throws -> CurveKeyPair {
        let pair = try CurveKeyPair.generate()
        try directory.add(
            try KeyCertificate(owner: owner, publicKey: pair.publicKey.z85, secretKey: pair.secretKey.z85))
        return pair
    }

    @Test func shutdownWaitsForWhatRuns() async throws {
        let place = try ScratchDirectory()
        var configuration = configuration(in: place)
        configuration.retentionInterval = .milliseconds(10)
        configuration.settings.retention.maximumJobs = 5
        let service = try CoordinatorService(configuration, logger: Logger(label: "test"))
        let group = ServiceGroup(services: [service], logger: Logger(label: "test"))
        let serving = Task { try await group.run() }
        let worker = try EchoWorker(name: "w", endpoints: service.endpoints, security: .plain)
        await worker.start()
        let client = try await connect(service.endpoints.clients)
        let (_, updates) = try await client.submitAndWatch(jobs((0..<20).map { "\($0)" }))
        for try await _ in updates {}
        // Jobs past their retention are removed.
        let deadline = Date().addingTimeInterval(30)
        while try await client.jobs(.with { $0.limit = 100 }).jobs.count > 5, Date() < deadline {}
        #expect(try await client.jobs(.with { $0.limit = 100 }).jobs.map(\.job) == [20, 19, 18, 17, 16])
        await group.triggerGracefulShutdown()
        try await serving.value
        // The store can be opened again.
        let store = try JobStore(directory: configuration.storeDirectory)
        #expect(try store.openJobs().isEmpty)
        try store.close()
        await client.close()
    }

    @Test func withoutKeysOnlyLocalEndpointsAreBound() throws {
        let place = try ScratchDirectory()
        var configuration = CoordinatorConfiguration(
            endpoints: .init(address: "0.0.0.0"), access: .plain(tenant: "acme"), storeDirectory: place.path)
        #expect(throws: CoordinatorError.self) {
            try CoordinatorService(configuration, logger: Logger(label: "test"))
        }
        configuration.endpoints = Self.anywhere
        configuration.settings.lease = .milliseconds(5)
        #expect(throws: CoordinatorError.self) {
            try CoordinatorService(configuration, logger: Logger(label: "test"))
        }
    }

    /// Otherwise every job of the tenant that names no limit would exceed the maximum.
    @Test func aDefaultLimitIsNotAboveTheHighest() throws {
        let place = try ScratchDirectory()
        var configuration = CoordinatorConfiguration(
            endpoints: Self.anywhere, access: .plain(tenant: "acme"), storeDirectory: place.path)
        var policy = TenantPolicy()
        policy.maximumLimits.memoryBytes = 1 << 20
        configuration.settings.tenants["acme"] = policy
        let error = #expect(throws: CoordinatorError.self) {
            try CoordinatorService(configuration, logger: Logger(label: "test"))
        }
        #expect(error?.description.contains("tenants.acme.defaultLimits.memory") == true, "\(error?.description ?? "")")
    }
}
