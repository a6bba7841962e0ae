import FirnProtocol
import Foundation
import JobStore
import Platform
import Testing

@testable import FirnCoordinator

@Suite struct WatchTests {
    let worker = Farm.worker(1)

    private func last(_ farm: Farm, _ correlation: UInt64) -> Bool {
        farm.replies.contains {
            if case .jobUpdates(let part) = $0.reply { part.last && $0.correlation == correlation } else { false }
        }
    }

    @Test func receiptsComeBeforeUpdatesAndFinishedJobsAtOnce() {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w", credit: 2)
        let ids = farm.submit([Farm.job("1"), Farm.job("2")], watch: true, correlation: 5)
        farm.settle()
        farm.finish(worker, ids[1], 1, .evalError)
        farm.settle()
        let kinds = farm.replies.dropFirst().map(\.reply.kind)
        #expect(kinds == [.submitReply, .jobUpdates])
        #expect(farm.updates.filter { $0.state == .finished }.map(\.job) == [2])
        #expect(!last(farm, 5))
        farm.finish(worker, ids[0], 1)
        farm.settle()
        #expect(farm.updates.filter { $0.state == .finished }.map(\.outcome) == [.evalError, .ok])
        #expect(last(farm, 5))
    }

    @Test func otherChangesComeTogetherAfterAWhile() {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w", credit: 1)
        _ = farm.submit([Farm.job("1"), Farm.job("2")], watch: true, correlation: 5)
        farm.settle()
        #expect(farm.updates.isEmpty)
        #expect(farm.machine.nextTick <= farm.time.steady + farm.settings.updateDelay.milliseconds)
        farm.pass(farm.settings.updateDelay.milliseconds)
        #expect(Set(farm.updates.map(\.job)) == [1, 2])
        #expect(farm.updates.first { $0.job == 1 }?.state == .running)
        #expect(farm.updates.first { $0.job == 2 }?.state == .queued)
    }

    @Test func aWatchTellsThePresentStateAndReadsWhatIsFinished() {
        var farm = Farm()
        farm.hello()
        _ = farm.submit([Farm.job("1")])
        farm.ask(.watch(.with { $0.jobs = [1, 50, 1] }), 6)
        farm.turn()
        #expect(farm.updates.map(\.state) == [.queued])
        guard let read = farm.reads.first, case .watchedJobs(let ids) = read.question else {
            return #expect(Bool(false))
        }
        #expect(ids == [50] && read.tenant == "acme")
        farm.machine.handle(.answered(read, .watched(.init(unknown: [50]))), at: farm.time)
        farm.turn()
        guard case .jobUpdates(let part)? = farm.replies.last?.reply else { return #expect(Bool(false)) }
        #expect(part.unknown == [50] && !part.last)
        farm.ask(.cancel(.with { $0.jobs = [1] }))
        farm.settle()
        #expect(last(farm, 6))
    }

    /// The values of finished jobs are in memory from their reading until they are sent, so few are read at once. Those
    /// that would make the message too large are read later.
    @Test func finishedJobsAreReadAFewAtATime() {
        var farm = Farm()
        farm.hello()
        farm.ask(.watch(.with { $0.jobs = Array(1...120) }), 6)
        farm.turn()
        var asked: [Int] = []
        var told = 0
        while let read = farm.reads.last, case .watchedJobs(let numbers) = read.question {
            #expect(farm.reads.count == 1 && !last(farm, 6))
            asked.append(numbers.count)
            // Half of what was asked for exceeds one message.
            let first = numbers.prefix(max(1, numbers.count / 2))
            let statuses = first.map { number -> WireJobStatus in
                .with {
                    $0.job = number
                    $0.state = .finished
                }
            }
            told += statuses.count
            farm.clear()
            farm.machine.handle(
                .answered(read, .watched(.init(statuses: statuses, remaining: Array(numbers.dropFirst(first.count))))),
                at: farm.time)
            farm.turn()
            #expect(farm.updates.count == statuses.count)
            farm.turn()
        }
        #expect(told == 120 && last(farm, 6))
        #expect(asked.first == 50 && asked.allSatisfy { $0 <= 50 })
    }

    @Test func anEndedWatchSaysNothingMore() {
        var farm = Farm()
        farm.hello()
        _ = farm.submit([Farm.job("1")], watch: true, correlation: 5)
        farm.ask(.unwatch(.with { $0.correlation = 5 }), 0)
        farm.ask(.cancel(.with { $0.jobs = [1] }))
        farm.settle()
        farm.pass(100)
        #expect(farm.updates.isEmpty)
    }

    @Test func watchesOfASilentOrLostClientEnd() {
        var farm = Farm()
        farm.hello()
        let ids = farm.submit([Farm.job("1"), Farm.job("2")], watch: true, correlation: 5)
        farm.passInSteps(5_000)
        #expect(farm.machine.jobs[ids[0]]?.watches.isEmpty ?? false)
        farm.ask(.ping(WirePing()), 3)
        farm.turn()
        #expect(farm.errors == [.helloRequired])
        farm.hello()
        farm.ask(.watch(.with { $0.jobs = [1] }), 6)
        farm.machine.handle(.unreachable(Farm.client), at: farm.time)
        farm.turn()
        #expect(farm.machine.clients.isEmpty)
        #expect(farm.machine.jobs[ids[0]]?.watches.isEmpty ?? false)
    }

    @Test func aGetIsAnsweredAtTheEndOfTheJobOrOfItsPatience() {
        var farm = Farm()
        farm.hello()
        _ = farm.submit([Farm.job("1")])
        farm.ask(.get(.with { $0.job = 1 }), 6)
        farm.ask(
            .get(
                .with {
                    $0.job = 1; $0.waitMs = 500
                }), 7)
        farm.ask(.get(.with { $0.job = 44 }), 8)
        farm.turn()
        #expect(farm.replies.last?.correlation == 6)
        #expect(farm.reads.count == 1)
        farm.pass(499)
        #expect(farm.replies.last?.correlation == 6)
        farm.pass(1)
        guard let answer = farm.replies.last, case .jobStatus(let status) = answer.reply else {
            return #expect(Bool(false))
        }
        #expect(answer.correlation == 7 && status.state == .queued)
        #expect(farm.machine.requests.waits.isEmpty)
    }

    /// The client asked once and has no reason to send anything until it is answered.
    @Test func aGetOfASilentClientIsAnswered() {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w", credit: 1)
        let ids = farm.submit([Farm.job("1"), Farm.job("2")])
        farm.settle()
        for (job, correlation) in [(1, 8), (2, 9)] as [(UInt64, UInt64)] {
            farm.ask(
                .get(
                    .with {
                        $0.job = job; $0.waitMs = 60_000
                    }), correlation)
        }
        farm.passInSteps(30_000) { $0.heartbeat(worker, [Farm.lease(ids[0], 1)]) }
        farm.clear()
        farm.finish(worker, ids[0], 1)
        farm.settle()
        #expect(farm.replies.map(\.correlation) == [8])
        farm.passInSteps(31_000) { $0.heartbeat(worker, []) }
        #expect(farm.replies.map(\.correlation) == [8, 9])
        guard case .jobStatus(let status)? = farm.replies.last?.reply else { return #expect(Bool(false)) }
        #expect(status.job == 2 && status.state == .queued)
    }

    /// The silence ends the client's watches, and with them the coordinator's record of the connection.
    @Test func aGetOfAClientThatIsForgottenIsAnsweredBefore() {
        var farm = Farm()
        farm.hello()
        _ = farm.submit([Farm.job("1")], watch: true, correlation: 5)
        farm.ask(
            .get(
                .with {
                    $0.job = 1; $0.waitMs = 60_000
                }), 8)
        farm.passInSteps(5_000)
        #expect(farm.machine.clients.isEmpty && farm.machine.requests.waits.isEmpty)
        guard let answer = farm.replies.last, case .jobStatus(let status) = answer.reply else {
            return #expect(Bool(false))
        }
        #expect(answer.correlation == 8 && status.state == .queued)
    }

    @Test func operatorsSeeTenantsAndWorkers() {
        var farm = Farm()
        farm.hello()
        farm.hello(from: Farm.operatorPeer)
        farm.connect(worker, name: "w", credit: 1)
        _ = farm.submit([Farm.job("1"), Farm.job("2")])
        farm.settle()
        farm.ask(.get(.with { $0.job = 1 }), 6, from: Farm.operatorPeer)
        farm.ask(.getQueue(WireGetQueue()), 7, from: Farm.operatorPeer)
        farm.ask(.listWorkers(WireListWorkers()), 8, from: Farm.operatorPeer)
        farm.turn()
        for answer in farm.replies {
            switch answer.reply {
            case .jobStatus(let status): #expect(status.tenant == "acme" && status.worker == "w")
            case .queueReport(let report):
                #expect(report.tenants.map(\.queued) == [1] && report.tenants.map(\.running) == [1])
            case .workerList(let list):
                #expect(
                    list.workers.map(\.leases) == [
                        [
                            .with {
                                $0.job = 1
                                $0.attempt = 1
                                $0.running = true
                            }
                        ]
                    ])
            default: break
            }
        }
        #expect(farm.replies.suffix(3).map(\.reply.kind) == [.jobStatus, .queueReport, .workerList])
    }

    /// A client ends a connection that sends a larger message than the protocol allows, and would watch again for ever.
    @Test func updatesOfLongBacktracesAreSeveralMessages() {
        var settings = CoordinatorSettings()
        settings.connectionAnswerBytes = 16 << 20
        var farm = Farm(settings: settings)
        farm.hello()
        farm.connect(worker, name: "w", credit: 20)
        let ids = farm.submit((0..<20).map { Farm.job("\($0)") }, watch: true, correlation: 9)
        farm.settle()
        farm.clear()
        let result = WireJobResult.with {
            $0.outcome = .evalError
            $0.failure.backtrace = [.with { $0.message = Data(count: 400_000) }]
        }
        for id in ids {
            farm.tell(
                worker,
                .results(
                    .with {
                        $0.results = [
                            .with {
                                $0.job = UInt64(id.rawValue)
                                $0.attempt = 1
                                $0.result = result
                            }
                        ]
                    }))
        }
        farm.settle()
        var sizes: [Int] = []
        var finished = 0
        for answer in farm.replies {
            guard case .jobUpdates(let updates) = answer.reply else { continue }
            sizes.append(updates.encoded().count)
            finished += updates.updates.count { $0.state == .finished }
        }
        #expect(finished == 20)
        #expect(sizes.allSatisfy { $0 < 1 << 20 }, "\(sizes)")
    }
}
