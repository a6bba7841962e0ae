import FirnProtocol
import Foundation
import JobStore
import Platform
import Testing

@testable import FirnCoordinator

/// Clients that ask for much and read little: the replies that wait for them are bounded, and they delay nobody else.
@Suite struct AnswerTests {
    let worker = Farm.worker(1)

    private static func settings(_ change: (inout CoordinatorSettings) -> Void = { _ in }) -> CoordinatorSettings {
        var settings = CoordinatorSettings()
        settings.connectionAnswerBytes = 1 << 20
        settings.defaultPolicy.answerBytes = 4 << 20
        settings.answerBytes = 6 << 20
        change(&settings)
        return settings
    }

    private static func peer(_ number: Int) -> Peer {
        Peer(endpoint: .clients, routingID: [1, UInt8(number >> 8), UInt8(number & 0xFF)])
    }

    /// Connections of a tenant that say hello and then read nothing.
    private func deafClients(_ count: Int, tenant: String = "acme", from first: Int = 0, _ farm: inout Farm) -> [Peer] {
        let peers = (first..<first + count).map(Self.peer)
        for peer in peers {
            farm.hello(from: peer, tenant: tenant)
            farm.turn()
            farm.deaf.insert(peer)
        }
        farm.clear()
        return peers
    }

    /// The store's answer to a read: jobs with values of that size, as many as fit one message.
    private func answer(_ read: CoordinatorRead, valueBytes: Int, _ farm: inout Farm) {
        let watched: CoordinatorRead.Answer
        switch read.question {
        case .watchedJobs(let numbers):
            var answer = CoordinatorRead.Watched()
            var bytes = 0
            for (index, number) in numbers.enumerated() {
                if bytes >= CoordinatorStateMachine.updateBytes {
                    answer.remaining = Array(numbers[index...])
                    break
                }
                answer.statuses.append(Self.finished(number, valueBytes: valueBytes))
                bytes += valueBytes
            }
            watched = .watched(answer)
        case .result:
            watched = .reply(.resultPart(.with { $0.bytes = Data(count: CoordinatorRead.partBytes) }))
        default: watched = .reply(.jobStatus(Self.finished(1, valueBytes: valueBytes)))
        }
        farm.machine.handle(.answered(read, watched), at: farm.time)
    }

    private static func finished(_ number: UInt64, valueBytes: Int) -> WireJobStatus {
        .with {
            $0.job = number
            $0.state = .finished
            $0.outcome = .ok
            $0.result.outcome = .ok
            $0.result.value = Data(count: valueBytes)
        }
    }

    /// Answers reads until the state machine asks for no more.
    private func answerAll(valueBytes: Int, _ farm: inout Farm) {
        farm.turn()
        while !farm.reads.isEmpty {
            let reads = farm.reads
            farm.clear()
            for read in reads { answer(read, valueBytes: valueBytes, &farm) }
            farm.turn()
        }
    }

    /// The bytes of replies that wait for the peers. Replies to clients that read were sent before; all `replies` to a
    /// client that does not read are still waiting.
    private func waiting(_ farm: Farm, _ peers: [Peer]) -> Int {
        peers.reduce(0) { $0 + farm.machine.answers.bytes(of: $1) }
    }

    @Test func clientsThatNeverReadHoldNoMoreThanTheBoundsSay() {
        var farm = Farm(settings: Self.settings())
        let acme = deafClients(100, &farm)
        for peer in acme {
            for correlation in UInt64(10)..<15 {
                farm.ask(.watch(.with { $0.jobs = Array(1...300) }), correlation, from: peer)
            }
            farm.ask(.readResult(.with { $0.job = 1 }), 20, from: peer)
        }
        answerAll(valueBytes: 131_000, &farm)
        #expect(waiting(farm, acme) <= 4 << 20, "\(waiting(farm, acme))")
        #expect(waiting(farm, acme) > 3 << 20, "what there is room for goes out")
        #expect(acme.allSatisfy { farm.machine.answers.bytes(of: $0) <= 1 << 20 })
        // Another tenant that does not read gets what the first one left of the bound for all clients.
        let other = deafClients(100, tenant: "other", from: 200, &farm)
        for peer in other { farm.ask(.watch(.with { $0.jobs = Array(1...300) }), 10, from: peer, tenant: "other") }
        answerAll(valueBytes: 131_000, &farm)
        #expect(farm.machine.answers.total <= 6 << 20)
        #expect(waiting(farm, other) > 1 << 20)
        // A tenant that reads gets everything, whatever the others do.
        farm.hello(from: Self.peer(400), tenant: "third")
        farm.ask(.watch(.with { $0.jobs = Array(1...300) }), 10, from: Self.peer(400), tenant: "third")
        farm.turn()
        farm.turn()
        var told = 0
        while let read = farm.reads.first {
            farm.clear()
            answer(read, valueBytes: 131_000, &farm)
            farm.turn()
            told += farm.updates.count
            farm.turn()
        }
        #expect(told == 300)
        // The same holds for an operator.
        farm.hello(from: Farm.operatorPeer)
        farm.ask(.listJobs(WireListJobs()), 11, from: Farm.operatorPeer)
        farm.clear()
        farm.turn()
        farm.turn()
        #expect(farm.reads.map(\.peer) == [Farm.operatorPeer])
    }

    /// A client that resumes reading gets exactly what it would have got at once: nothing is lost or repeated.
    @Test func aClientThatReadsOnGetsTheRest() {
        var farm = Farm(settings: Self.settings())
        let peer = deafClients(1, &farm)[0]
        farm.connect(worker, name: "w", credit: 50)
        let ids = farm.submit((0..<50).map { Farm.job("\($0)") }, watch: true, correlation: 5, from: peer)
        farm.settle()
        let value = String(repeating: "x", count: 100_000)
        for id in ids {
            farm.finish(worker, id, 1, value: value)
            farm.commit()
        }
        farm.settle()
        var told = farm.updates.filter { $0.state == .finished }.map(\.job)
        #expect((1..<20).contains(told.count), "\(told.count)")
        #expect(farm.machine.answers.bytes(of: peer) <= 1 << 20)
        // The client reads the waiting replies, one message at a time.
        var rounds = 0
        while told.count < 50, rounds < 500 {
            rounds += 1
            let reads = farm.reads
            farm.clear()
            for read in reads { answer(read, valueBytes: 100_000, &farm) }
            farm.turn()
            #expect(farm.machine.answers.bytes(of: peer) <= 1 << 20)
            farm.machine.handle(.released(peer, bytes: 200_000), at: farm.time)
            farm.turn()
            told += farm.updates.filter { $0.state == .finished }.map(\.job)
        }
        #expect(told.count == 50 && Set(told) == Set(1...50))
        #expect(farm.machine.clients[peer]?.watches.isEmpty ?? false)
        #expect(farm.machine.clients[peer]?.watched == 0)
    }

    @Test func changesOfStateWaitForRoomAndAreToldOnce() {
        var farm = Farm(settings: Self.settings { $0.connectionAnswerBytes = 70 << 10 })
        let peer = deafClients(1, &farm)[0]
        _ = farm.submit((0..<1_000).map { Farm.job("\($0)") }, watch: true, correlation: 5, from: peer)
        farm.pass(farm.settings.updateDelay.milliseconds)
        let first = farm.updates.count
        #expect((1..<300).contains(first), "\(first)")
        #expect(farm.machine.answers.bytes(of: peer) <= 70 << 10)
        #expect(farm.machine.awaitsRoom)
        // Nothing is retried before a client has read something.
        #expect(farm.machine.nextTick > farm.time.steady)
        farm.deaf = []
        farm.machine.handle(.released(peer, bytes: farm.machine.answers.bytes(of: peer)), at: farm.time)
        for _ in 0..<100 { farm.turn() }
        #expect(farm.updates.map(\.job).sorted() == Array(1...1_000))
        #expect(!farm.machine.awaitsRoom)
    }

    @Test func aWaitingGetWhoseResultHasNoRoomReadsItLater() {
        var farm = Farm(settings: Self.settings { $0.connectionAnswerBytes = 100_000 })
        let peer = deafClients(1, &farm)[0]
        farm.connect(worker, name: "w", credit: 1)
        let ids = farm.submit([Farm.job("1")], from: peer)
        farm.settle()
        farm.ask(
            .get(
                .with {
                    $0.job = 1; $0.waitMs = 60_000
                }), 8, from: peer)
        farm.finish(worker, ids[0], 1, value: String(repeating: "x", count: 100_000))
        farm.settle()
        #expect(!farm.replies.contains { $0.correlation == 8 })
        farm.machine.handle(.released(peer, bytes: farm.machine.answers.bytes(of: peer)), at: farm.time)
        farm.turn()
        let read = farm.reads.first
        guard let read, case .status(1) = read.question else { return #expect(Bool(false)) }
        #expect(read.correlation == 8)
    }

    /// Small replies are never refused, but a client may not let them accumulate without bound.
    @Test func whoAsksWithoutEndAndReadsNothingIsDropped() {
        var farm = Farm(settings: Self.settings())
        let peer = deafClients(1, &farm)[0]
        var asked = 0
        while farm.discarded.isEmpty, asked < 100_000 {
            asked += 1
            farm.ask(.getQueue(WireGetQueue()), 9, from: peer)
            farm.turn()
        }
        #expect(farm.discarded == [peer])
        #expect(farm.machine.answers.bytes(of: peer) <= 1 << 20 + CoordinatorStateMachine.smallAnswerBytes)
        #expect(farm.machine.metrics.clientsDropped == 1)
        #expect(farm.machine.clients[peer] == nil)
        // The waiting replies are discarded. The client is asked for a hello and can continue.
        farm.machine.handle(.released(peer, bytes: farm.machine.answers.bytes(of: peer)), at: farm.time)
        farm.ask(.getQueue(WireGetQueue()), 10, from: peer)
        farm.turn()
        #expect(farm.errors == [.helloRequired])
        farm.hello(from: peer)
        farm.turn()
        #expect(farm.machine.clients[peer] != nil)
    }

    @Test func aClientThatTakesNothingForLongIsDroppedAndOneThatReadsSlowlyIsNot() {
        var farm = Farm(settings: Self.settings { $0.stalledAfter = .seconds(10) })
        let peers = deafClients(2, &farm)
        for peer in peers { farm.ask(.watch(.with { $0.jobs = Array(1...300) }), 10, from: peer) }
        answerAll(valueBytes: 131_000, &farm)
        farm.passInSteps(15_000) { farm in
            for peer in peers { farm.ask(.ping(WirePing()), 3, from: peer) }
            farm.machine.handle(.released(peers[1], bytes: 1_000), at: farm.time)
        }
        #expect(farm.discarded == [peers[0]])
        #expect(farm.machine.clients[peers[1]]?.watches.count == 1)
    }

    @Test func questionsThatWaitForRoomAreBounded() {
        var farm = Farm(settings: Self.settings())
        let peer = deafClients(1, &farm)[0]
        for correlation in UInt64(10)..<1_200 {
            farm.ask(.readResult(.with { $0.job = 1 }), correlation, from: peer)
            farm.turn()
        }
        #expect(farm.reads.count == 1, "one of 1 MiB has room")
        #expect(farm.machine.clients[peer]?.questions == CoordinatorStateMachine.waitingQuestions)
        #expect(farm.errors.allSatisfy { $0 == .quotaExceeded } && farm.errors.count == 1_190 - 1_001)
        #expect(farm.discarded.isEmpty)
    }

    @Test func connectionsOfATenantAreBounded() {
        var farm = Farm(settings: Self.settings { $0.defaultPolicy.maximumConnections = 3 })
        for number in 0..<4 { farm.hello(from: Self.peer(number)) }
        farm.hello(from: Self.peer(10), tenant: "other")
        // A second hello of the same connection is not a second connection.
        farm.hello(from: Self.peer(0))
        farm.turn()
        #expect(farm.errors == [.quotaExceeded])
        guard case .error(let error)? = farm.replies.first(where: { $0.peer == Self.peer(3) })?.reply else {
            return #expect(Bool(false))
        }
        #expect(error.message == "tenant acme has 3 connections, which is its limit: close some, or share one")
        farm.machine.handle(.unreachable(Self.peer(1)), at: farm.time)
        farm.hello(from: Self.peer(3))
        farm.turn()
        #expect(farm.errors.count == 1 && farm.machine.clients[Self.peer(3)] != nil)
    }

    @Test func jobsThatAConnectionAndATenantWatchAreBounded() {
        let settings = Self.settings {
            $0.watchedJobs = 100
            $0.defaultPolicy.maximumWatched = 150
        }
        var farm = Farm(settings: settings)
        let peers = deafClients(3, &farm)
        func watch(_ peer: Int, _ count: UInt64, _ correlation: UInt64) {
            farm.ask(.watch(.with { $0.jobs = Array(1...count) }), correlation, from: peers[peer])
            farm.turn()
        }
        watch(0, 100, 10)
        watch(0, 1, 11)
        #expect(farm.errors == [.quotaExceeded])
        watch(1, 50, 10)
        watch(2, 1, 10)
        #expect(farm.errors == [.quotaExceeded, .quotaExceeded])
        farm.ask(.unwatch(.with { $0.correlation = 10 }), 0, from: peers[0])
        watch(2, 100, 10)
        #expect(farm.errors.count == 2)
        #expect(farm.machine.clientLoads["acme"]?.watched == 150)
    }
}
