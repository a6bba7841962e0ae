import FirnClient
import FirnProtocol
import Foundation
import JobStore
import Logging
import Testing
import ZeroMQ

@testable import FirnCoordinator

/// Real connections that ask for large results and never read them.
@Suite struct DeafClientTests {
    private static let jobs: UInt64 = 300
    private static let valueBytes = 131_000

    /// A store with finished jobs, each with a value that begins with its number.
    private func makeStore(_ directory: String) throws {
        let store = try JobStore(directory: directory)
        for number in 1...Int64(Self.jobs) {
            let result = WireJobResult.with {
                $0.outcome = .ok
                $0.value = Data("\(number) ".utf8) + Data(repeating: 120, count: Self.valueBytes)
                $0.valueBytes = UInt64($0.value.count)
            }
            _ = try store.apply([
                .insert(NewJob(tenant: "acme", submitted: 1, body: Data())),
                .conclude(
                    JobID(rawValue: number),
                    NewOutcome(
                        code: Int32(result.outcome.rawValue), finished: 2, body: Data(result.encoded()))),
            ])
        }
        try store.close()
    }

    private func makeService(in place: ScratchDirectory) throws -> CoordinatorService {
        var configuration = CoordinatorConfiguration(
            endpoints: CoordinatorConfiguration.Endpoints(
                clients: "tcp://127.0.0.1:*", workers: "tcp://127.0.0.1:*", traces: "tcp://127.0.0.1:*",
                operators: "tcp://127.0.0.1:*"),
            access: .plain(tenant: "acme"), storeDirectory: place.path + "/store")
        // The deaf clients send nothing after their requests, and must be kept for the duration of the test.
        configuration.settings.heartbeat = .seconds(600)
        configuration.settings.lease = .seconds(3_600)
        configuration.settings.stalledAfter = .seconds(3_600)
        configuration.settings.connectionAnswerBytes = 1 << 20
        configuration.settings.defaultPolicy.answerBytes = 16 << 20
        return try CoordinatorService(configuration, logger: Logger(label: "test"))
    }

    /// A connection that watches every job, asks for values, and reads no reply.
    private func deafClient(_ endpoint: String, _ context: Context) throws -> Socket {
        var options = SocketOptions()
        options.receiveHighWater = 1
        let socket = try Socket(.dealer, context: context, options: options)
        try socket.connect(endpoint)
        let requests: [ClientRequest] =
            [.hello(WireClientHello()), .watch(.with { $0.jobs = Array(1...Self.jobs) })]
            + (1...100).map { job in .readResult(.with { $0.job = job }) }
        for (index, request) in requests.enumerated() {
            #expect(try socket.send(Envelope(request, correlation: UInt64(index + 1)).frames()) == .sent)
        }
        return socket
    }

    @Test func aHundredOfThemTakeNoMoreThanTheirTenantsBound() async throws {
        let place = try ScratchDirectory()
        try makeStore(place.path + "/store")
        let service = try makeService(in: place)
        let serving = Task { try await service.run() }
        var configuration = ClientConfiguration(endpoint: service.endpoints.clients, security: .plain)
        configuration.unreachableAfter = .seconds(600)
        let client = try await FirnClient.connect(configuration)
        let context = try Context()
        var deaf = Sockets()
        for _ in 0..<100 { deaf.append(try deafClient(service.endpoints.clients, context)) }
        // The bound may be exceeded by one message in libzmq for each connection, and by small replies.
        let bound = 16 << 20 + 101 * CoordinatorStateMachine.smallAnswerBytes
        var most = 0
        let deadline = Date().addingTimeInterval(60)
        while most < 15 << 20, Date() < deadline {
            _ = try await client.queue()
            most = max(most, await service.waitingAnswerBytes)
        }
        #expect(most >= 15 << 20, "they have asked for more than there is room for")
        // A client that reads gets everything, and the deaf ones cannot delay it: they share the bound among them, and
        // it gets the room that they leave when they go.
        deaf = Sockets()
        var values: Set<Data> = []
        for try await status in try await client.watch(Array(1...Self.jobs)) where status.state == .finished {
            most = max(most, await service.waitingAnswerBytes)
            values.insert(status.result.value.prefix { $0 != UInt8(ascii: " ") })
        }
        #expect(values.count == Int(Self.jobs))
        #expect(most <= bound, "\(most)")
        while await service.waitingAnswerBytes > 0, Date() < deadline { _ = try await client.queue() }
        await client.close()
        serving.cancel()
        try await serving.value
    }
}

/// Holds sockets, because an array cannot hold values that cannot be copied.
private struct Sockets: ~Copyable {
    private var sockets: [Box] = []

    private final class Box {
        let socket: Socket
        init(_ socket: consuming Socket) { self.socket = socket }
    }

    mutating func append(_ socket: consuming Socket) { sockets.append(Box(socket)) }
}
