import FirnProtocol
import Testing
import ZeroMQ

@testable import FirnWorker

private let ms: UInt64 = 1_000_000

@Suite struct WorkerStateMachineTests {
    private let one = LeaseKey(job: 501, attempt: 1)
    private let two = LeaseKey(job: 502, attempt: 3)
    private let three = LeaseKey(job: 503, attempt: 1)

    private var welcome: WireWorkerWelcome {
        .with {
            $0.heartbeatMs = 1_000
            $0.leaseMs = 10_000
            $0.inlineResultBytes = 100
            $0.segmentBytes = 50
            $0.traceEndpoint = "tcp://farm:7703"
        }
    }

    private func fresh(heldJobs: Int = 4) -> WorkerStateMachine {
        WorkerStateMachine(
            WorkerProfile(hello: .with { $0.name = "w1" }, heldJobs: heldJobs, drainTimeout: .seconds(5)), now: 0)
    }

    private func ready(heldJobs: Int = 4) -> WorkerStateMachine {
        var machine = fresh(heldJobs: heldJobs)
        _ = machine.handle(.handshakeSucceeded, now: 0)
        _ = machine.receive(frames(.welcome(welcome)), now: 0)
        _ = machine.endOfTurn(now: 0)
        return machine
    }

    private func frames(_ command: WorkerCommand) -> [[UInt8]] { Envelope(command).frames() }

    private func dispatch(_ keys: [LeaseKey], aheadOf successor: UInt64 = 0) -> [[UInt8]] {
        frames(
            .dispatch(
                .with {
                    $0.assignments = keys.map { key in
                        .with { ($0.job, $0.attempt, $0.aheadOf) = (key.job, key.attempt, successor) }
                    }
                }))
    }

    private func sent(_ actions: [WorkerStateMachine.Action]) throws -> [WorkerMessage] {
        try actions.compactMap { action in
            guard case .send(let frames) = action else { return nil }
            return try Envelope<WorkerMessage>(frames: frames).content
        }
    }

    private func result(_ text: String) -> WireJobResult {
        .with {
            $0.outcome = .ok
            $0.value = .init(text.utf8)
        }
    }

    private func evaluated(_ actions: [WorkerStateMachine.Action]) -> [LeaseKey] {
        actions.compactMap { if case .evaluate(let key, _, _) = $0 { key } else { nil } }
    }

    @Test func buildsAreReportedUnlessTheCoordinatorIsLost() throws {
        var machine = ready()
        let actions = machine.receive(frames(.startBuilds(.with { $0.job = 501 })), now: 1)
        guard case .build(let start)? = actions.first else { return #expect(Bool(false)) }
        #expect(start.job == 501)
        let ended = WireBuildsEnded.with { $0.job = 501 }
        #expect(try sent(machine.built(ended)).map(\.kind) == [.buildsEnded])
        _ = machine.handle(.disconnected, now: 2)
        #expect(machine.built(ended).isEmpty, "it has forgotten the builds")
    }

    private static func set(_ state: WirePreparedSet.State) -> WirePreparedSet {
        .with { ($0.name, $0.identity, $0.state) = ("pkgs", .init(repeating: 1, count: 32), state) }
    }

    /// A coordinator that does not know prepared sets is not told of them.
    @Test(arguments: [true, false]) func newsOfPreparedSetsIsSentOnceToThoseWhoKnowThem(isKnown: Bool) throws {
        var machine = fresh()
        _ = machine.handle(.handshakeSucceeded, now: 0)
        var welcome = welcome
        welcome.preparedSets = isKnown
        _ = machine.receive(frames(.welcome(welcome)), now: 0)
        let kinds: [MessageKind] = isKnown ? [.preparedSets] : []
        #expect(try sent(machine.announce([Self.set(.building)])).map(\.kind) == kinds)
        #expect(machine.announce([Self.set(.building)]).isEmpty)
        _ = machine.handle(.disconnected, now: 1)
        #expect(machine.announce([Self.set(.ready)]).isEmpty)
        guard case .hello(let hello)? = try sent(machine.handle(.handshakeSucceeded, now: 2)).first else {
            Issue.record("no hello")
            return
        }
        #expect(hello.preparedSets == [Self.set(.ready)])
    }

    @Test func whatChangesBetweenHelloAndWelcomeIsToldAfterwards() throws {
        var machine = fresh()
        _ = machine.announce([Self.set(.building)])
        _ = machine.handle(.handshakeSucceeded, now: 0)
        #expect(machine.announce([Self.set(.ready)]).isEmpty)
        var welcome = welcome
        welcome.preparedSets = true
        let told = try sent(machine.receive(frames(.welcome(welcome)), now: 0))
        guard case .preparedSets(let news)? = told.first(where: { $0.kind == .preparedSets }) else {
            Issue.record("nothing is told")
            return
        }
        #expect(news.sets == [Self.set(.ready)])
        #expect(machine.announce([Self.set(.ready)]).isEmpty)
    }

    /// The image may have been removed while the assignment was on its way.
    @Test func aJobWhoseSetIsGoneIsReturned() throws {
        var machine = ready()
        _ = machine.announce([Self.set(.ready)])
        func assign(_ key: LeaseKey) -> [WorkerStateMachine.Action] {
            let assignment = WireAssignment.with {
                ($0.job, $0.attempt, $0.preparedIdentity) = (key.job, key.attempt, Self.set(.ready).identity)
            }
            return machine.receive(frames(.dispatch(.with { $0.assignments = [assignment] })), now: 1)
        }
        #expect(evaluated(assign(one)) == [one])
        _ = machine.announce([Self.set(.absent)])
        #expect(evaluated(assign(two)).isEmpty)
        let release = try sent(machine.endOfTurn(now: 1)).first { $0.kind == .release }
        guard case .release(let leases)? = release else {
            Issue.record("no release")
            return
        }
        #expect(leases.leases.map(\.job) == [two.job])
    }

    @Test func helloIsFirstThenCreditAndTraces() throws {
        var machine = fresh()
        #expect(try sent(machine.endOfTurn(now: 0)).isEmpty)
        #expect(try sent(machine.handle(.handshakeSucceeded, now: 1)).map(\.kind) == [.workerHello])
        let actions = machine.receive(frames(.welcome(welcome)), now: 2)
        #expect(actions.contains { if case .connectTraces("tcp://farm:7703") = $0 { true } else { false } })
        guard case .credit(let credit) = try sent(machine.endOfTurn(now: 2)).first else {
            Issue.record("no credit")
            return
        }
        #expect(credit.jobs == 4)
        #expect(try sent(machine.endOfTurn(now: 3)).isEmpty, "credit that is given is not given again")
    }

    @Test func resultsOfATurnTravelTogetherAndBeforeTheirCredit() throws {
        var machine = ready(heldJobs: 2)
        #expect(evaluated(machine.receive(dispatch([one, two]), now: 1)) == [one, two])
        machine.completed(one, result("1"), now: 2)
        machine.completed(two, result("2"), now: 2)
        let messages = try sent(machine.endOfTurn(now: 2))
        #expect(messages.map(\.kind) == [.results, .credit])
        guard case .results(let results) = messages[0], case .credit(let credit) = messages[1] else { return }
        #expect(results.results.map(\.job) == [501, 502] && results.results.map(\.attempt) == [1, 3])
        #expect(results.results[0].result.valueBytes == 1)
        #expect(credit.jobs == 2)
    }

    @Test func heartbeatsNameEveryLeaseUntilItIsCommitted() throws {
        var machine = ready()
        _ = machine.receive(dispatch([one, two, three]), now: 1)
        machine.completed(one, result("1"), now: 2)
        func beat(_ now: UInt64) throws -> [WireLease]? {
            let actions = machine.tick(now: now)
            for message in try sent(actions) {
                if case .heartbeat(let heartbeat) = message { return heartbeat.leases.sorted { $0.job < $1.job } }
            }
            return nil
        }
        let first = try #require(try beat(600 * ms))
        #expect(first.map(\.job) == [501, 502, 503])
        #expect(first.map(\.running) == [true, true, false])
        #expect(try beat(700 * ms) == nil, "one heartbeat in half an interval is enough")
        _ = machine.receive(frames(.resultsCommitted(.with { $0.leases = [one.wire()] })), now: 800 * ms)
        #expect(try #require(try beat(1_200 * ms)).map(\.job) == [502, 503])
    }

    @Test func silenceMakesItReconnectAndKeepWhatItHas() throws {
        var machine = ready()
        _ = machine.receive(dispatch([one, two]), now: 1)
        machine.completed(one, result("kept"), now: 2)
        _ = machine.endOfTurn(now: 2)
        let actions = machine.tick(now: 4_001 * ms)
        #expect(actions.contains { if case .reconnect = $0 { true } else { false } })
        guard case .hello(let hello) = try sent(machine.handle(.handshakeSucceeded, now: 5_000 * ms)).first else {
            Issue.record("no hello after the reconnect")
            return
        }
        #expect(Set(hello.leases.map(\.job)) == [501, 502])
        _ = machine.receive(frames(.welcome(welcome)), now: 5_001 * ms)
        machine.completed(two, result("new"), now: 5_002 * ms)
        let results = try sent(machine.endOfTurn(now: 5_002 * ms)).compactMap { message -> WireResults? in
            if case .results(let results) = message { results } else { nil }
        }
        #expect(results.flatMap(\.results).map(\.job) == [501, 502], "what was not committed is sent again")
    }

    @Test func aLargeValueTravelsInSegmentsAndItsResultLast() throws {
        var machine = ready()
        _ = machine.receive(dispatch([one]), now: 1)
        let text = String(repeating: "x", count: 120)
        machine.completed(one, result(text), now: 2)
        #expect(try !sent(machine.endOfTurn(now: 2)).contains { $0.kind == .results })
        var value: [UInt8] = []
        for number in UInt32(0)..<3 {
            let next = machine.nextBulk()
            let frames = try #require(next)
            guard case .resultSegment(let segment) = try Envelope<WorkerMessage>(frames: frames).content else {
                Issue.record("no segment")
                return
            }
            #expect(segment.number == number && segment.job == 501)
            value += segment.bytes
        }
        #expect(value == Array(text.utf8))
        let last = machine.nextBulk()
        let frames = try #require(last)
        guard case .results(let results) = try Envelope<WorkerMessage>(frames: frames).content else {
            Issue.record("no result")
            return
        }
        let result = try #require(results.results.first).result
        #expect(result.value.isEmpty && result.valueSegments == 3 && result.valueBytes == 120)
        #expect(machine.nextBulk() == nil)
    }

    @Test func aReconnectInTheMiddleOfAValueBeginsItAnew() throws {
        var machine = ready()
        _ = machine.receive(dispatch([one]), now: 1)
        machine.completed(one, result(String(repeating: "x", count: 120)), now: 2)
        _ = machine.endOfTurn(now: 2)
        _ = machine.nextBulk()
        _ = machine.handle(.disconnected, now: 3)
        #expect(machine.nextBulk() == nil)
        _ = machine.handle(.handshakeSucceeded, now: 4)
        _ = machine.receive(frames(.welcome(welcome)), now: 5)
        _ = machine.endOfTurn(now: 5)
        let next = machine.nextBulk()
        let first = try #require(next)
        guard case .resultSegment(let segment) = try Envelope<WorkerMessage>(frames: first).content else {
            Issue.record("no segment")
            return
        }
        #expect(segment.number == 0)
    }

    @Test func aStaleLeaseIsStoppedAndItsResultNotSent() throws {
        var machine = ready(heldJobs: 1)
        _ = machine.receive(dispatch([one]), now: 1)
        let actions = machine.receive(
            frames(.stale(.with { $0.leases = [.with { ($0.job, $0.attempt) = (501, 1) }] })), now: 2)
        #expect(actions.contains { if case .stop([one]) = $0 { true } else { false } })
        #expect(machine.leases.isEmpty)
        #expect(try sent(machine.endOfTurn(now: 2)).isEmpty, "the evaluator is not free yet")
        machine.completed(one, result("late"), now: 3)
        #expect(try sent(machine.endOfTurn(now: 3)).map(\.kind) == [.credit])
    }

    @Test func cancellingWhatWaitsReportsAtOnceAndWhatRunsWhenItStops() throws {
        var machine = ready()
        _ = machine.receive(dispatch([one, two]), now: 1)
        let cancel = WireCancelAttempts.with { $0.leases = [one.wire(), two.wire(), three.wire()] }
        let actions = machine.receive(frames(.cancelAttempts(cancel)), now: 2)
        #expect(actions.contains { if case .stop([one, two]) = $0 { true } else { false } })
        machine.withdrawn([two], now: 2)
        guard case .results(let results) = try sent(machine.endOfTurn(now: 2)).first else {
            Issue.record("no result")
            return
        }
        #expect(results.results.map(\.job) == [502])
        #expect(results.results[0].result.outcome == .cancelled)
        #expect(machine.leases.contains { $0.job == 501 && $0.running })
    }

    @Test func drainingGivesBackWhatWaitsFinishesWhatRunsAndLeaves() throws {
        var machine = ready()
        _ = machine.receive(dispatch([one, two]), now: 1)
        let actions = machine.receive(frames(.drain(WireDrainWorker())), now: 2)
        #expect(actions.contains { if case .withdraw([one, two]) = $0 { true } else { false } })
        machine.withdrawn([two], now: 2)
        machine.notWithdrawn([one])
        #expect(try sent(machine.endOfTurn(now: 2)).map(\.kind) == [.release])
        // A job that was on its way when the drain began.
        #expect(evaluated(machine.receive(dispatch([three]), now: 3)).isEmpty)
        #expect(try sent(machine.endOfTurn(now: 3)).map(\.kind) == [.release])
        machine.completed(one, result("1"), now: 4)
        #expect(try sent(machine.endOfTurn(now: 4)).map(\.kind) == [.results])
        _ = machine.receive(frames(.resultsCommitted(.with { $0.leases = [one.wire()] })), now: 5)
        let last = machine.endOfTurn(now: 5)
        #expect(try sent(last).map(\.kind) == [.goodbye])
        #expect(last.contains { if case .leave = $0 { true } else { false } })
    }

    @Test func aDrainIsBounded() throws {
        var machine = ready()
        _ = machine.receive(dispatch([one]), now: 1)
        _ = machine.drain(now: 2)
        machine.notWithdrawn([one])
        #expect(!machine.tick(now: 4_000 * ms).contains { if case .leave = $0 { true } else { false } })
        let actions = machine.tick(now: 5_001 * ms)
        #expect(actions.contains { if case .stop([one]) = $0 { true } else { false } })
        #expect(try sent(actions).map(\.kind) == [.goodbye])
        #expect(actions.contains { if case .leave = $0 { true } else { false } })
    }

    @Test func anUnreachableCoordinatorDoesNotKeepAnIdleWorkerFromLeaving() {
        var machine = fresh()
        _ = machine.drain(now: 1)
        #expect(machine.endOfTurn(now: 1).contains { if case .leave = $0 { true } else { false } })
    }

    @Test func anAssignmentGoesAheadOfTheOneThatItNames() throws {
        var machine = ready()
        _ = machine.receive(dispatch([one, two, three]), now: 1)
        let late = LeaseKey(job: 504, attempt: 1)
        let later = LeaseKey(job: 505, attempt: 1)
        let actions = machine.receive(dispatch([late], aheadOf: three.job), now: 2)
        guard case .evaluate(late, _, aheadOf: three.job)? = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(machine.order == [one, two, late, three])
        // The named job is running or finished, so the new one is next.
        _ = machine.receive(dispatch([later], aheadOf: one.job), now: 3)
        #expect(machine.order == [one, later, two, late, three])
        #expect(machine.leases.filter(\.running).map(\.job) == [501])
    }

    /// An assignment that goes ahead may cross a job that begins. The evaluator knows which one it has.
    @Test func whatTheEvaluatorHasIsWhatRuns() throws {
        var machine = ready()
        _ = machine.receive(dispatch([one, two, three]), now: 1)
        machine.confirmRunning(two, cpuNanoseconds: 7, now: 30 * ms)
        #expect(machine.leases.map(\.job) == [502, 501, 503])
        #expect(machine.leases.map(\.running) == [true, false, false])
        #expect(machine.leases.map(\.cpuNs) == [7, 0, 0])
        #expect(machine.releaseWaiting(now: 60 * ms).isEmpty, "it has run for 30 ms")
        machine.completed(one, result("1"), now: 61 * ms)
        let messages = try sent(machine.endOfTurn(now: 61 * ms))
        guard case .results(let results)? = messages.first else {
            Issue.record("\(messages)")
            return
        }
        #expect(results.results.map(\.job) == [501] && results.evaluating.job == 502)
        machine.completed(two, result("2"), now: 62 * ms)
        machine.confirmRunning(two, cpuNanoseconds: 9, now: 62 * ms)
        #expect(machine.leases.first { $0.job == 503 }?.cpuNs == 0, "the next one has used nothing yet")
    }

    @Test func nothingWaitsBehindALongJob() throws {
        var machine = ready(heldJobs: 2)
        _ = machine.receive(dispatch([one, two]), now: 1)
        #expect(machine.nextReleaseTime == 40 * ms + 1)
        #expect(machine.releaseWaiting(now: 40 * ms).isEmpty)
        let actions = machine.releaseWaiting(now: 40 * ms + 1)
        #expect(actions.contains { if case .withdraw([two]) = $0 { true } else { false } })
        machine.withdrawn([two], now: 300 * ms)
        #expect(try sent(machine.endOfTurn(now: 300 * ms)).map(\.kind) == [.release])
        #expect(try sent(machine.endOfTurn(now: 400 * ms)).isEmpty, "a busy worker asks for nothing")
        machine.completed(one, result("1"), now: 500 * ms)
        #expect(try sent(machine.endOfTurn(now: 500 * ms)).map(\.kind) == [.results, .credit])
    }

    @Test func uncommittedResultsStopTheCredit() throws {
        var machine = WorkerStateMachine(
            WorkerProfile(hello: WireWorkerHello(), heldJobs: 1, uncommittedResults: 1), now: 0)
        _ = machine.handle(.handshakeSucceeded, now: 0)
        _ = machine.receive(frames(.welcome(welcome)), now: 0)
        _ = machine.endOfTurn(now: 0)
        _ = machine.receive(dispatch([one]), now: 1)
        machine.completed(one, result("1"), now: 1)
        #expect(try sent(machine.endOfTurn(now: 1)).map(\.kind) == [.results])
        _ = machine.receive(frames(.resultsCommitted(.with { $0.leases = [one.wire()] })), now: 2)
        #expect(try sent(machine.endOfTurn(now: 2)).map(\.kind) == [.credit])
    }

    @Test func aRefusedHelloIsSaidAgain() throws {
        var machine = fresh()
        _ = machine.handle(.handshakeSucceeded, now: 0)
        let refusal = WireError.with { ($0.code, $0.message) = (.notPermitted, "the name is held") }
        let actions = machine.receive(frames(.error(refusal)), now: 1)
        #expect(
            actions.contains {
                if case .note(.refused(.notPermitted, "the name is held")) = $0 { true } else { false }
            })
        #expect(try sent(machine.tick(now: 600 * ms)).map(\.kind) == [.workerHello])
    }

    @Test func aCoordinatorThatForgotItIsGreetedAgain() throws {
        var machine = ready()
        let error = WireError.with { $0.code = .helloRequired }
        #expect(try sent(machine.receive(frames(.error(error)), now: 1)).map(\.kind) == [.workerHello])
        #expect(try sent(machine.receive(frames(.error(error)), now: 1)).isEmpty, "once is enough")
    }

    @Test func whatCannotBeReadChangesNothing() {
        var machine = ready()
        for frames: [[UInt8]] in [[], [[1, 2]], [[], []], [frames(.heartbeat(WireHeartbeat()))[0], [0xFF]]] {
            let actions = machine.receive(frames, now: 1)
            #expect(actions.count == 1)
            #expect(actions.allSatisfy { if case .note(.unreadable) = $0 { true } else { false } })
        }
        #expect(machine.phase == .ready)
    }

    @Test func aTraceEndpointThatNamesNoHostIsTheCoordinators() {
        #expect(
            WorkerStateMachine.reachable("tcp://0.0.0.0:7703", besides: "tcp://farm.example:7702")
                == "tcp://farm.example:7703")
        #expect(WorkerStateMachine.reachable("tcp://*:9", besides: "tcp://[::1]:7702") == "tcp://[::1]:9")
        #expect(WorkerStateMachine.reachable("tcp://[::]:9", besides: "tcp://10.0.0.1:7702") == "tcp://10.0.0.1:9")
        #expect(WorkerStateMachine.reachable("tcp://other:9", besides: "tcp://farm:7702") == "tcp://other:9")
        #expect(WorkerStateMachine.reachable("ipc:///run/t", besides: "tcp://farm:7702") == "ipc:///run/t")
    }
}
