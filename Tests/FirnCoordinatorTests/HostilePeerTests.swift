import FirnClient
import FirnProtocol
import Foundation
import Glibc
import JobStore
import Logging
import Testing
import ZeroMQ

@testable import FirnCoordinator

/// Peers on real sockets that keep to no rule. Each test ends with a client that is served as ever.
@Suite struct HostilePeerTests {
    /// A running service and a client of it.
    private final class Subject {
        let place: ScratchDirectory
        let service: CoordinatorService
        private let serving: Task<Void, any Error>
        let context = try? Context()

        init() throws {
            place = try ScratchDirectory()
            var configuration = CoordinatorConfiguration(
                endpoints: CoordinatorConfiguration.Endpoints(
                    clients: "tcp://127.0.0.1:*", workers: "tcp://127.0.0.1:*", traces: "tcp://127.0.0.1:*",
                    operators: "tcp://127.0.0.1:*"),
                access: .plain(tenant: "acme"), storeDirectory: place.path + "/store")
            configuration.settings.heartbeat = .seconds(10)
            configuration.settings.lease = .seconds(60)
            let service = try CoordinatorService(configuration, logger: Logger(label: "test"))
            self.service = service
            serving = Task { try await service.run() }
        }

        func socket(_ endpoint: String) throws -> Socket {
            let socket = try Socket(.dealer, context: try #require(context), options: SocketOptions())
            try socket.connect(endpoint)
            return socket
        }

        /// A TCP connection to an endpoint, as a file descriptor.
        func stream(_ endpoint: String) throws -> Int32 {
            let port = try #require(endpoint.split(separator: ":").last.flatMap { UInt16($0) })
            let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let result = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            #expect(result == 0)
            return descriptor
        }

        /// A client connects, submits a job and sees it queued.
        func serves() async throws {
            var configuration = ClientConfiguration(endpoint: service.endpoints.clients)
            configuration.unreachableAfter = .seconds(600)
            let client = try await FirnClient.connect(configuration)
            let job = try #require(try await client.submit([Farm.job("1")]).first?.job)
            #expect(try await client.result(job).state == .queued)
            await client.close()
        }

        func end() async throws {
            serving.cancel()
            try await serving.value
        }
    }

    private func replies(_ socket: borrowing Socket, _ count: Int) async throws -> [WireError] {
        var errors: [WireError] = []
        let deadline = Date().addingTimeInterval(600)
        while errors.count < count, Date() < deadline {
            guard let message = try socket.receive() else {
                // The service's task needs a thread, too.
                await Task.yield()
                continue
            }
            if case .error(let error) = try Envelope<ClientReply>(frames: message.frames).content {
                errors.append(error)
            }
        }
        return errors
    }

    private static func header(
        _ kind: UInt8, version: UInt8 = 1, magic: String = "FIRN", correlation: UInt8 = 7
    ) -> [UInt8] {
        Array(magic.utf8) + [version, kind, 0, 0, correlation, 0, 0, 0, 0, 0, 0, 0]
    }

    @Test func garbageWrongVersionsAndMultipartFloodsAreAnsweredAndCounted() async throws {
        let subject = try Subject()
        let socket = try subject.socket(subject.service.endpoints.clients)
        let messages: [([[UInt8]], WireErrorCode)] = [
            ([[]], .malformedFrames), ([[1, 2, 3], [4]], .malformedFrames),
            ([Self.header(0x10, magic: "MRIF"), []], .malformedFrames),
            ([Self.header(0x10, version: 9), []], .unsupportedVersion),
            ([Self.header(0x10)] + [[UInt8]](repeating: [1], count: 500), .malformedFrames),
            ([Self.header(0x40), []], .unknownKind), ([Self.header(0xFF), []], .unknownKind),
            ([Self.header(0x12), [UInt8](repeating: 0xFF, count: 100)], .malformedBody),
            ([Self.header(0x10, correlation: 0), []], .malformedFrames),
            ([Self.header(0x1F), []], .helloRequired),
        ]
        for (frames, code) in messages {
            #expect(try socket.send(frames) == .sent)
            #expect(try await replies(socket, 1).map(\.code) == [code])
        }
        let refusals = await subject.service.machine.metrics.refusals
        #expect(refusals["malformed-frames"] == 5 && refusals["unknown-kind"] == 2)
        #expect(refusals["unsupported-version"] == 1 && refusals["malformed-body"] == 1)
        // Of a flood, the first are answered and all are counted.
        for _ in 0..<2_000 { while try socket.send([[0], [0], [0]]) != .sent { await Task.yield() } }
        let deadline = Date().addingTimeInterval(600)
        while await subject.service.machine.metrics.refusals["malformed-frames"] ?? 0 < 2_005, Date() < deadline {
            await Task.yield()
        }
        #expect(await subject.service.machine.metrics.refusals["malformed-frames"] == 2_005)
        try await subject.serves()
        try await subject.end()
    }

    /// Messages that repeat earlier ones, and answers to questions that nobody asked.
    @Test func replayedMessagesChangeNothing() async throws {
        let subject = try Subject()
        let socket = try subject.socket(subject.service.endpoints.clients)
        let job = Farm.job("1") { $0.idempotencyKey = Data("once".utf8) }
        let submit = ClientRequest.submit(.with { $0.jobs = [Data(job.encoded())] })
        for request in [.hello(WireClientHello())] + [ClientRequest](repeating: submit, count: 50) {
            #expect(try socket.send(Envelope(request, correlation: 3).frames()) == .sent)
        }
        for request in [ClientRequest.pong(WirePong()), .unwatch(.with { $0.correlation = 99 }), .error(WireError())] {
            #expect(try socket.send(Envelope(request, correlation: 3).frames()) == .sent)
        }
        var accepted: Set<UInt64> = []
        var answers = 0
        let deadline = Date().addingTimeInterval(600)
        while answers < 50, Date() < deadline {
            guard let message = try socket.receive() else {
                // The service's task needs a thread, too.
                await Task.yield()
                continue
            }
            guard case .submitReply(let reply) = try Envelope<ClientReply>(frames: message.frames).content else {
                continue
            }
            answers += 1
            accepted.formUnion(reply.receipts.map(\.accepted.job))
        }
        #expect(answers == 50 && accepted == [1])
        #expect(await subject.service.machine.jobs.count == 1)
        try await subject.serves()
        try await subject.end()
    }

    @Test func resultsAndUploadsOfJobsThatWereNeverLeasedAreStale() async throws {
        let subject = try Subject()
        try await subject.serves()
        let socket = try subject.socket(subject.service.endpoints.workers)
        let messages: [WorkerMessage] = [
            .hello(
                .with {
                    $0.name = "w"
                    $0.instance = Data([1])
                    $0.evaluatorVersions = ["9"]
                    $0.closures = true
                }),
            .results(
                .with {
                    $0.results = [
                        .with {
                            $0.job = 1
                            $0.attempt = 1
                            $0.result.outcome = .ok
                        },
                        .with {
                            $0.job = 4_711
                            $0.attempt = 3
                            $0.result.outcome = .ok
                        },
                    ]
                }),
            .resultSegment(
                .with {
                    $0.job = 1
                    $0.attempt = 1
                    $0.bytes = Data(count: 1_000)
                }),
            .upload(
                .with {
                    $0.job = 1
                    $0.attempt = 1
                    $0.segment = WireObjectSegment()
                }),
            .heartbeat(.with { $0.leases = [Farm.lease(JobID(rawValue: 1), 9)] }),
            .release(.with { $0.leases = [Farm.lease(JobID(rawValue: 1), 2)] }),
        ]
        for (index, message) in messages.enumerated() {
            let frames = Envelope(message, correlation: index == 0 ? 1 : 0).frames()
            #expect(try socket.send(frames) == .sent)
        }
        var stale = 0
        let deadline = Date().addingTimeInterval(600)
        while stale < 6, Date() < deadline {
            guard let message = try socket.receive() else {
                // The service's task needs a thread, too.
                await Task.yield()
                continue
            }
            if case .stale(let named) = try Envelope<WorkerCommand>(frames: message.frames).content {
                stale += named.leases.count
            }
        }
        #expect(stale == 6)
        #expect(await subject.service.machine.metrics.outcomes.isEmpty, "no job has ended")
        try await subject.serves()
        try await subject.end()
    }

    /// Connections that stop in the middle of the handshake, that announce a frame of a terabyte, and that only exist.
    @Test func halfOpenOversizedAndIdleConnectionsTakeNothing() async throws {
        let subject = try Subject()
        let greeting: [UInt8] =
            [0xFF] + [UInt8](repeating: 0, count: 8) + [0x7F, 3, 0] + Array("NULL".utf8)
            + [UInt8](repeating: 0, count: 48)
        var descriptors: [Int32] = []
        for number in 0..<300 {
            let descriptor = try subject.stream(subject.service.endpoints.clients)
            descriptors.append(descriptor)
            // None, a part, or all of the greeting; then the header of a long frame of 2^40 bytes.
            let sizes = [0, 10, greeting.count, greeting.count]
            var bytes = Array(greeting.prefix(sizes[number % 4]))
            if number % 4 == 3 { bytes += [2, 0, 0, 1, 0, 0, 0, 0, 0] }
            #expect(unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
        }
        var idle: [IdleSocket] = []
        for _ in 0..<200 { idle.append(IdleSocket(try subject.socket(subject.service.endpoints.clients))) }
        try await subject.serves()
        #expect(await subject.service.machine.answers.total < 1 << 20)
        // libzmq ends a connection that announces more than MAXMSGSIZE at once, and one without a handshake in 5 s.
        for descriptor in descriptors {
            var byte: UInt8 = 0
            let deadline = Date().addingTimeInterval(600)
            // Its own greeting comes first.
            while Date() < deadline {
                let count = unsafe Glibc.recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT))
                if count == 0 || (count < 0 && errno == ECONNRESET) { break }
                await Task.yield()
            }
            #expect(Date() < deadline)
            close(descriptor)
        }
        #expect(await subject.service.connections.count <= 1)
        try await subject.serves()
        try await subject.end()
    }

    /// Whoever says no hello and reads nothing holds little, however many connections there are.
    @Test func strangersThatDoNotReadShareABound() {
        var farm = Farm()
        for number in 0..<5_000 {
            let peer = Peer(endpoint: .clients, routingID: [UInt8(number >> 8), UInt8(number & 255), 1])
            farm.deaf.insert(peer)
            for _ in 0..<200 { farm.ask(.getQueue(WireGetQueue()), from: peer) }
            farm.turn()
            farm.clear()
        }
        #expect(farm.machine.answers.total <= CoordinatorStateMachine.strangerBytes, "\(farm.machine.answers.total)")
        #expect(farm.machine.metrics.refusals["hello-required"] == 1_000_000)
        farm.hello()
        #expect(farm.submit([Farm.job("1")]).count == 1)
    }

    /// A worker that takes a job, lives and does nothing loses the job long after its deadline.
    @Test func aWorkerThatDoesNothingLosesItsJob() {
        var farm = Farm()
        farm.hello()
        let worker = Farm.worker(1)
        farm.connect(worker, name: "w", credit: 3)
        let ids = farm.submit([Farm.job("1") { $0.limits.timeoutMs = 5_000 }])
        farm.settle()
        farm.passInSteps(34_000) { $0.heartbeat(worker, [Farm.lease(ids[0], 1, running: false)]) }
        #expect(farm.store.jobs[ids[0]]?.lost.isEmpty == true)
        farm.passInSteps(3_000) { $0.heartbeat(worker, [Farm.lease(ids[0], 1, running: false)]) }
        #expect(farm.store.jobs[ids[0]]?.lost.first?.cause.contains("deadline") == true)
        #expect(farm.machine.workers.isEmpty, "it has to say hello before it gets another")
    }

    /// The system's time jumps by years. Leases and sessions are measured by the steady clock.
    @Test(arguments: [Int64(-400_000_000_000), 400_000_000_000]) func clocksThatJumpEndNoLease(jump: Int64) {
        var farm = Farm()
        farm.hello()
        let worker = Farm.worker(1)
        farm.connect(worker, name: "w", credit: 2)
        let later = farm.time.wall + 3_600_000
        let ids = farm.submit([
            Farm.job("1"), Farm.job("2") { $0.notBeforeUnixMs = later },
            Farm.job("3") {
                $0.roots = [.with { $0.name = "none" }]
                $0.expiresUnixMs = later
            },
        ])
        farm.settle()
        farm.time.wall += jump
        farm.passInSteps(5_000) { $0.heartbeat(worker, [Farm.lease(ids[0], 1)]) }
        #expect(farm.state(of: ids[0]) == .running && farm.store.jobs[ids[0]]?.lost.isEmpty == true)
        #expect(farm.machine.workers[worker] != nil)
        // What is wall time by its meaning follows it.
        #expect((farm.state(of: ids[1]) == .delayed) == (jump < 0))
        #expect((farm.outcome(ids[2]) == .unavailable) == (jump > 0))
        farm.finish(worker, ids[0], 1)
        farm.settle()
        #expect(farm.outcome(ids[0]) == .ok)
    }
}

/// A socket in an array.
private final class IdleSocket {
    let socket: Socket
    init(_ socket: consuming Socket) { self.socket = socket }
}
