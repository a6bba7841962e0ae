import FirnProtocol
import Platform
import Testing
import ZeroMQ

@testable import FirnClient

/// A coordinator that accepts every job and finishes it at once with its own source text as the value.
actor EchoCoordinator {
    nonisolated let executor: PollingExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    private let socket: Socket
    private var jobs: [WireJobStatus] = []
    private(set) var userIDs: Set<String> = []

    init(context: Context, options: SocketOptions) throws {
        executor = try PollingExecutor(name: "coordinator")
        socket = try Socket(.router, context: context, options: options)
    }

    func start() throws -> String {
        _ = executor.register(socket) { [weak self] in self?.assumeIsolated { $0.readable() } }
        return try socket.bind("tcp://127.0.0.1:*")
    }

    private func readable() {
        while let message = try? socket.receive() {
            if let userID = message.userID { userIDs.insert(userID) }
            guard let envelope = try? Envelope<ClientRequest>(frames: message.frames.dropFirst()) else { continue }
            for reply in answers(to: envelope.content) {
                let frames = Envelope(reply, correlation: envelope.correlation).frames()
                _ = try? socket.send([message.frames[0]] + frames)
            }
        }
    }

    private func answers(to request: ClientRequest) -> [ClientReply] {
        switch request {
        case .hello:
            return [
                .welcome(
                    .with {
                        $0.batchJobs = 3
                        $0.heartbeatMs = 1_000
                        $0.tenant = "acme"
                    })
            ]
        case .submit(let submit): return take(submit)
        case .get(let get) where get.job >= 1 && get.job <= UInt64(jobs.count):
            return [.jobStatus(jobs[Int(get.job) - 1])]
        case .readResult(let read):
            return [
                .resultPart(
                    .with {
                        $0.offset = read.offset
                        $0.bytes = .init([33])
                    })
            ]
        default: return [.error(.with { $0.code = .unknownJob })]
        }
    }

    private func take(_ submit: WireSubmit) -> [ClientReply] {
        let new = submit.jobs.compactMap { try? WireJobSpecification.validated(encoded: $0) }.enumerated().map {
            index, job in
            WireJobStatus.with {
                $0.job = UInt64(jobs.count + index + 1)
                $0.state = .finished
                $0.result.outcome = .ok
                $0.result.value = job.source.text
                $0.result.valueBytes = UInt64(job.source.text.count) + 2
            }
        }
        jobs += new
        let receipts = WireSubmitReply.with { $0.receipts = new.map { job in .with { $0.accepted.job = job.job } } }
        guard submit.watch else { return [.submitReply(receipts)] }
        let updates = WireJobUpdates.with {
            $0.updates = new
            $0.last = true
        }
        return [.submitReply(receipts), .jobUpdates(updates)]
    }

    isolated deinit { executor.unregisterAll() }
}

extension FirnClient {
    /// Notices the silence of the coordinator in a turn in which no new connection can be made, because the old one
    /// was dropped before.
    fileprivate func failToReconnect(to endpoint: String) throws {
        _ = try open(.watch(.with { $0.jobs = [1] }))
        try socket.disconnect(endpoint)
        tick(now: MonotonicClock.now() &+ 3_600_000_000_000)
    }
}

@Suite struct FirnClientTests {
    private func job(_ text: String) -> WireJobSpecification { .with { $0.source.text = .init(text.utf8) } }

    @Test func jobsAreSubmittedInBatchesAndRead() async throws {
        let context = try Context()
        let coordinator = try EchoCoordinator(context: context, options: SocketOptions())
        let client = try await FirnClient.connect(ClientConfiguration(endpoint: try await coordinator.start()))
        #expect(await client.welcome.tenant == "acme")
        let receipts = try await client.submit((0..<10).map { job("\($0)") })
        #expect(receipts.compactMap(\.job) == Array(1...10))
        // The last two bytes of the value are not part of the result message, and are read in parts.
        let fifth = try #require(receipts[4].job)
        let status = try await client.result(fifth)
        #expect(Array(status.result.value) == Array("4!!".utf8))
        let error = await #expect(throws: ClientError.self) { try await client.result(99) }
        #expect(error == .refused(code: .unknownJob, message: "", retryAfter: .zero))
    }

    @Test func updatesFollowTheReceipts() async throws {
        let coordinator = try EchoCoordinator(context: Context(), options: SocketOptions())
        let client = try await FirnClient.connect(ClientConfiguration(endpoint: try await coordinator.start()))
        let (receipts, updates) = try await client.submitAndWatch([job("a"), job("b")])
        var finished: [UInt64] = []
        for try await update in updates { finished.append(update.job) }
        #expect(finished == receipts.compactMap(\.job) && finished.count == 2)
    }

    @Test func anAbsentCoordinatorIsNamed() async throws {
        var configuration = ClientConfiguration(endpoint: "tcp://127.0.0.1:1")
        configuration.unreachableAfter = .milliseconds(300)
        let error = await #expect(throws: ClientError.self) { try await FirnClient.connect(configuration) }
        guard case .unreachable("tcp://127.0.0.1:1", let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("nobody answers"))
    }

    @Test func aKeyIsAdmittedOrItsRefusalIsNamed() async throws {
        let context = try Context()
        let server = try CurveKeyPair.generate()
        let known = try CurveKeyPair.generate()
        try context.startAuthentication { request in
            request.mechanism == .curve(known.publicKey)
                ? .accept(userID: "client/acme/laptop") : .refuse(reason: "unknown")
        }
        var options = SocketOptions()
        options.security = .curveServer(secretKey: server.secretKey)
        options.authenticationDomain = Endpoint.clients.authenticationDomain
        let coordinator = try EchoCoordinator(context: context, options: options)
        let endpoint = try await coordinator.start()
        let good = ClientConfiguration(
            endpoint: endpoint, security: .curveClient(keyPair: known, serverKey: server.publicKey))
        let client = try await FirnClient.connect(good)
        #expect(try await client.submit([job("1")]).first?.job == 1)
        #expect(await coordinator.userIDs == ["client/acme/laptop"])
        let bad = ClientConfiguration(
            endpoint: endpoint, security: .curveClient(keyPair: try .generate(), serverKey: server.publicKey))
        let error = await #expect(throws: ClientError.self) { try await FirnClient.connect(bad) }
        guard case .unreachable(_, let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("not authorised"))
    }

    @Test func aClosedClientAnswersNothing() async throws {
        let coordinator = try EchoCoordinator(context: Context(), options: SocketOptions())
        let client = try await FirnClient.connect(ClientConfiguration(endpoint: try await coordinator.start()))
        await client.close()
        #expect(await #expect(throws: ClientError.self) { try await client.queue() } == .closed)
    }

    @Test func aClientThatClosesInATickSetsNoTimer() async throws {
        let coordinator = try EchoCoordinator(context: Context(), options: SocketOptions())
        let endpoint = try await coordinator.start()
        let client = try await FirnClient.connect(ClientConfiguration(endpoint: endpoint))
        #expect(await client.timer != nil)
        try await client.failToReconnect(to: endpoint)
        #expect(await client.timer == nil)
        #expect(await #expect(throws: ClientError.self) { try await client.queue() } == .closed)
    }
}
