import FirnProtocol
import Testing
import ZeroMQ

@testable import FirnClient

private let second: UInt64 = 1_000_000_000

@Suite struct ClientStateMachineTests {
    private func machine(hasKey: Bool = true) -> ClientStateMachine {
        ClientStateMachine(
            endpoint: "tcp://farm:7701", software: "test", hasKey: hasKey, unreachableAfter: .seconds(4), now: 0)
    }

    private let welcome = WireClientWelcome.with {
        $0.heartbeatMs = 1_000
        $0.batchJobs = 100
    }

    private func frames(_ reply: ClientReply, _ correlation: UInt64) -> [[UInt8]] {
        Envelope(reply, correlation: correlation).frames()
    }

    private func sent(_ actions: [ClientStateMachine.Action]) throws -> [Envelope<ClientRequest>] {
        try actions.compactMap { action in
            guard case .send(let frames) = action else { return nil }
            return try Envelope<ClientRequest>(frames: frames)
        }
    }

    private func ready() -> ClientStateMachine {
        var machine = machine()
        _ = machine.handle(.handshakeSucceeded, now: 0)
        _ = machine.receive(frames(.welcome(welcome), 1), now: 0)
        return machine
    }

    private func failures(_ actions: [ClientStateMachine.Action]) -> [ClientError] {
        actions.compactMap { if case .failed(_, let error) = $0 { error } else { nil } }
    }

    @Test func helloComesFirstAndRequestsAfterTheWelcome() throws {
        var machine = machine()
        let (correlation, early) = machine.ask(.getQueue(WireGetQueue()), now: 0)
        #expect(early.isEmpty)
        #expect(try sent(machine.handle(.handshakeSucceeded, now: 1)).map(\.content.kind) == [.clientHello])
        let after = try sent(machine.receive(frames(.welcome(welcome), 1), now: 2))
        #expect(after.map(\.content.kind) == [.getQueue] && after.map(\.correlation) == [correlation])
    }

    @Test func anUnansweredSubmitIsSentAgainAfterAReconnectWithTheSameBytes() throws {
        var machine = ready()
        let submit = WireSubmit.with { $0.jobs = [.init([1, 2, 3])] }
        let first = try sent(machine.ask(.submit(submit), now: 1).actions)
        _ = machine.handle(.disconnected, now: 2)
        _ = machine.handle(.handshakeSucceeded, now: 3)
        let again = try sent(machine.receive(frames(.welcome(welcome), 1), now: 4))
        #expect(first.map(\.correlation) == again.map(\.correlation))
        guard case .submit(let content) = again.first?.content else {
            Issue.record("nothing was sent again")
            return
        }
        #expect(content == submit)
    }

    @Test func aSubmitWithWatchBecomesAWatchOfWhatIsNotFinished() throws {
        var machine = ready()
        let submit = WireSubmit.with {
            $0.jobs = [.init([1]), .init([2])]
            $0.watch = true
        }
        let (correlation, _) = machine.ask(.submit(submit), now: 1)
        let reply = WireSubmitReply.with {
            $0.receipts = [.with { $0.accepted.job = 7 }, .with { $0.accepted.job = 8 }]
        }
        _ = machine.receive(frames(.submitReply(reply), correlation), now: 2)
        let finished = WireJobUpdates.with {
            $0.updates = [.with { ($0.job, $0.state) = (7, .finished) }]
        }
        _ = machine.receive(frames(.jobUpdates(finished), correlation), now: 3)
        _ = machine.handle(.handshakeSucceeded, now: 4)
        let again = try sent(machine.receive(frames(.welcome(welcome), 1), now: 5))
        guard case .watch(let watch) = again.first?.content else {
            Issue.record("no watch was sent")
            return
        }
        #expect(watch.jobs == [8] && again.first?.correlation == correlation)
        let last = WireJobUpdates.with { $0.updates = [.with { ($0.job, $0.state) = (8, .finished) }] }
        let end = machine.receive(frames(.jobUpdates(last), correlation), now: 6)
        #expect(end.contains { if case .ended(correlation) = $0 { true } else { false } })
        #expect(machine.open.isEmpty)
    }

    @Test func nobodyThereIsToldInTime() {
        var machine = machine()
        _ = machine.ask(.getQueue(WireGetQueue()), now: 0)
        _ = machine.handle(.connectRetried(after: .milliseconds(100)), now: second)
        #expect(machine.tick(now: 3 * second).isEmpty)
        let errors = failures(machine.tick(now: 4 * second))
        #expect(errors == [.unreachable(endpoint: "tcp://farm:7701", reason: machine.reason)])
        #expect(machine.reason.contains("nobody answers"))
    }

    @Test func aRefusedKeyIsToldAtOnceAndNotHiddenByRetries() {
        var machine = machine()
        _ = machine.ask(.getQueue(WireGetQueue()), now: 0)
        let errors = failures(machine.handle(.handshakeFailed(.refused(status: 400)), now: 1))
        #expect(errors.count == 1)
        _ = machine.handle(.connectRetried(after: .milliseconds(100)), now: 2)
        #expect(machine.reason.contains("not authorised"))
    }

    @Test(arguments: [(true, "server's public key"), (false, "CURVE")])
    func aHandshakeThatIsCutOffNamesTheLikelyCause(hasKey: Bool, cause: String) {
        for event in [MonitorEvent.handshakeFailed(.hungUp(code: 0)), .disconnected] {
            var machine = machine(hasKey: hasKey)
            _ = machine.handle(.connected, now: 1)
            _ = machine.handle(event, now: 2)
            #expect(machine.reason.contains(cause), "\(event)")
        }
    }

    @Test func aSilentCoordinatorIsPingedThenGivenUp() throws {
        var machine = ready()
        _ = machine.ask(.getQueue(WireGetQueue()), now: 0)
        #expect(try sent(machine.tick(now: second)).map(\.content.kind) == [.ping])
        let actions = machine.tick(now: 4 * second)
        #expect(failures(actions).count == 1)
        #expect(actions.contains { if case .reconnect = $0 { true } else { false } })
    }

    @Test func anIdleConnectionIsNotPingedAndNotGivenUp() {
        var machine = ready()
        #expect(machine.tick(now: 60 * second).isEmpty)
    }

    @Test func aForgottenConnectionSaysHelloOnce() throws {
        var machine = ready()
        let (first, _) = machine.ask(.getQueue(WireGetQueue()), now: 1)
        let (second, _) = machine.ask(.getQueue(WireGetQueue()), now: 1)
        let error = ClientReply.error(.with { $0.code = .helloRequired })
        #expect(try sent(machine.receive(frames(error, first), now: 2)).map(\.content.kind) == [.clientHello])
        #expect(machine.receive(frames(error, second), now: 2).isEmpty)
        #expect(try sent(machine.receive(frames(.welcome(welcome), 1), now: 3)).count == 2)
    }

    @Test func anErrorAnswersItsRequestOnly() {
        var machine = ready()
        let (first, _) = machine.ask(.getQueue(WireGetQueue()), now: 1)
        _ = machine.ask(.getQueue(WireGetQueue()), now: 1)
        let error = ClientReply.error(.with { ($0.code, $0.retryAfterMs) = (.queueFull, 50) })
        let errors = failures(machine.receive(frames(error, first), now: 2))
        #expect(errors == [.refused(code: .queueFull, message: "", retryAfter: .milliseconds(50))])
        #expect(machine.open.count == 1)
    }

    /// Otherwise the coordinator would end the connection because of the message, and the client would send it again
    /// for ever.
    @Test func whatNoFrameHoldsIsNotSent() throws {
        let large = ClientRequest.submit(.with { $0.jobs = [.init(count: ProtocolLimits.frameBytes)] })
        var connected = ready()
        let actions = connected.ask(large, now: 1).actions
        guard case .tooLarge(let bytes)? = failures(actions).first else {
            Issue.record("nothing fails")
            return
        }
        #expect(bytes > ProtocolLimits.frameBytes)
        #expect(try sent(actions).isEmpty)
        #expect(try sent(connected.ask(.getQueue(WireGetQueue()), now: 2).actions).count == 1, "the next is sent")
        var early = machine()
        _ = early.ask(large, now: 0)
        let (queue, _) = early.ask(.getQueue(WireGetQueue()), now: 0)
        _ = early.handle(.handshakeSucceeded, now: 1)
        let late = early.receive(frames(.welcome(welcome), 1), now: 2)
        #expect(failures(late).count == 1)
        #expect(try sent(late).map(\.correlation) == [queue])
    }

    @Test func whatCannotBeReadChangesNothing() {
        var machine = ready()
        _ = machine.ask(.getQueue(WireGetQueue()), now: 1)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<5_000 {
            let frames = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                (0..<Int.random(in: 0...20, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator)
                }
            }
            #expect(machine.receive(frames, now: 2).isEmpty)
        }
        #expect(machine.open.count == 1)
    }
}
