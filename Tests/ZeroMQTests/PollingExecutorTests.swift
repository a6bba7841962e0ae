import Platform
import Testing
import ZeroMQ

/// Counts requests on its own thread, and answers them on the socket that it owns.
actor EchoService {
    nonisolated let executor: PollingExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    private let socket: Socket
    private(set) var received = 0
    private(set) var turns = 0

    init(context: Context) throws {
        executor = try PollingExecutor(name: "echo")
        socket = try Socket(.router, context: context)
    }

    func start(_ endpoint: String) throws -> String {
        _ = executor.register(socket) { [weak self] in self?.assumeIsolated { $0.readable() } }
        executor.setEndOfTurn { [weak self] in self?.assumeIsolated { $0.turns += 1 } }
        return try socket.bind(endpoint)
    }

    func wait(nanoseconds: UInt64) async -> Bool {
        await withCheckedContinuation { continuation in
            executor.schedule(at: MonotonicClock.now() + nanoseconds) { continuation.resume(returning: true) }
            executor.cancel(
                executor.schedule(at: MonotonicClock.now()) { continuation.resume(returning: false) })
        }
    }

    private func readable() {
        while let message = try? socket.receive() {
            received += 1
            _ = try? socket.send(message.frames)
        }
    }

    isolated deinit { executor.unregisterAll() }
}

@Suite struct PollingExecutorTests {
    @Test func messagesAreAnsweredWhereTheyAreRead() async throws {
        let context = try Context()
        let service = try EchoService(context: context)
        let endpoint = try await service.start("tcp://127.0.0.1:*")
        let dealer = try Socket(.dealer, context: context)
        try dealer.connect(endpoint)
        for number in 0..<200 { try send([[UInt8(number)]], on: dealer) }
        for number in 0..<200 {
            let answer = try receive(from: dealer)
            #expect(answer.frames == [[UInt8(number)]])
        }
        #expect(await service.received == 200)
        #expect(await service.turns > 0)
    }

    @Test func timersRunAndCancelledOnesDoNot() async throws {
        let service = try EchoService(context: Context())
        #expect(await service.wait(nanoseconds: 2_000_000))
    }

    @Test func manyCallersAreServedInTurn() async throws {
        let service = try EchoService(context: Context())
        let sum = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<500 { group.addTask { await service.received + 1 } }
            return await group.reduce(0, +)
        }
        #expect(sum == 500)
    }

    @Test func postedActionsRunOnTheThreadInOrder() async throws {
        let service = try EchoService(context: Context())
        let (order, continuation) = AsyncStream<Int>.makeStream()
        for number in 0..<100 {
            service.executor.post {
                service.executor.checkIsolated()
                continuation.yield(number)
                if number == 99 { continuation.finish() }
            }
        }
        var seen: [Int] = []
        for await number in order { seen.append(number) }
        #expect(seen == Array(0..<100))
    }

    @Test func aLetGoServiceFreesItsEndpoint() async throws {
        let context = try Context()
        var service: EchoService? = try EchoService(context: context)
        let endpoint = try await service?.start("inproc://freed")
        #expect(endpoint == "inproc://freed")
        service = nil
        let end = MonotonicClock.now() + 60_000_000_000
        var isFree = false
        while !isFree && MonotonicClock.now() < end {
            let socket = try Socket(.router, context: context)
            isFree = (try? socket.bind("inproc://freed")) != nil
            await Task.yield()
        }
        #expect(isFree)
    }
}
