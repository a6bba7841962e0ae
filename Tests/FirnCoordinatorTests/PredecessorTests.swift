import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

/// Worker processes that ended and were replaced by their supervisor, which knows what they were evaluating.
@Suite struct PredecessorTests {
    private static func ended(_ instance: UInt8, evaluating: WireLease? = nil) -> WirePredecessor {
        .with {
            $0.instance = Data([instance])
            $0.cause = "it did not stop"
            if let evaluating { $0.evaluating = evaluating }
        }
    }

    /// Two jobs at a worker that was heard only just now.
    private func farm() -> (Farm, [JobID]) {
        var farm = Farm()
        farm.hello()
        farm.connect(Farm.worker(1), name: "w", credit: 2)
        let ids = farm.submit([Farm.job("1"), Farm.job("2")])
        farm.settle()
        farm.heartbeat(Farm.worker(1), [Farm.lease(ids[0], 1), Farm.lease(ids[1], 1, running: false)])
        return (farm, ids)
    }

    @Test func theNextProcessIsTakenAtOnceAndTheNamedJobBlamed() {
        var (farm, ids) = farm()
        farm.connect(
            Farm.worker(2), name: "w", instance: 2,
            predecessor: Self.ended(1, evaluating: Farm.lease(ids[1], 1)))
        farm.settle()
        #expect(!farm.commands.contains { $0.command.kind == .error })
        #expect(farm.machine.workerNames["w"] == Farm.worker(2))
        #expect(farm.store.jobs[ids[1]]?.lost.map(\.cause) == ["it did not stop"])
        #expect(farm.store.jobs[ids[0]]?.lost.isEmpty ?? false, "it only waited there, whatever the heartbeat said")
        #expect(ids.allSatisfy { farm.machine.jobs[$0]?.isQueued ?? false })
    }

    @Test func nobodyIsBlamedForAProcessThatEvaluatedNothing() {
        var (farm, ids) = farm()
        farm.connect(Farm.worker(2), name: "w", instance: 2, predecessor: Self.ended(1))
        farm.settle()
        #expect(farm.machine.workerNames["w"] == Farm.worker(2))
        #expect(ids.allSatisfy { farm.store.jobs[$0]?.lost.isEmpty ?? false })
    }

    /// Otherwise anyone with a worker's key could get a job of another worker blamed, or take over its name.
    @Test func onlyTheHoldersOwnSuccessorIsBelieved() {
        var (farm, ids) = farm()
        farm.connect(
            Farm.worker(2), name: "w", instance: 2,
            predecessor: Self.ended(9, evaluating: Farm.lease(ids[0], 1)))
        farm.settle()
        #expect(farm.machine.workerNames["w"] == Farm.worker(1))
        #expect(farm.commands.contains { $0.peer == Farm.worker(2) && $0.command.kind == .error })
        #expect(ids.allSatisfy { farm.store.jobs[$0]?.lost.isEmpty ?? false })
    }

    @Test func aStaleAttemptIsNotBlamed() {
        var (farm, ids) = farm()
        farm.connect(
            Farm.worker(2), name: "w", instance: 2,
            predecessor: Self.ended(1, evaluating: Farm.lease(ids[0], 7)))
        farm.settle()
        #expect(ids.allSatisfy { farm.store.jobs[$0]?.lost.isEmpty ?? false })
    }

    @Test func theThirdProcessThatItCostsQuarantinesTheJob() {
        var farm = Farm()
        farm.hello()
        let ids = farm.submit([Farm.job("stubborn")], watch: true)
        for number: UInt8 in 1...4 {
            let blamed = Farm.lease(ids[0], UInt32(number) - 1)
            farm.connect(
                Farm.worker(number), name: "w", instance: number, credit: 1,
                predecessor: number == 1 ? nil : Self.ended(number - 1, evaluating: blamed))
            farm.settle()
        }
        #expect(farm.outcome(ids[0]) == .quarantined)
        let message = farm.updates.last.map { String(decoding: $0.result.failure.message, as: UTF8.self) } ?? ""
        #expect(message.hasPrefix("the job lost 3 workers: attempt 1: it did not stop; "), "\(message)")
    }

    /// The process ended while no coordinator was running.
    @Test func aJobIsBlamedAlsoAcrossARestartOfTheCoordinator() {
        var (farm, ids) = farm()
        farm.restart()
        farm.connect(
            Farm.worker(2), name: "w", instance: 2,
            predecessor: Self.ended(1, evaluating: Farm.lease(ids[0], 1)))
        farm.settle()
        #expect(farm.store.jobs[ids[0]]?.lost.map(\.cause) == ["it did not stop"])
        #expect(farm.store.jobs[ids[1]]?.lost.isEmpty ?? false)
    }

    @Test func aHelloWithoutACorrelationIsRefused() {
        var farm = Farm()
        farm.tell(
            Farm.worker(1),
            .hello(
                .with {
                    $0.name = "w"
                    $0.instance = Data([1])
                }), correlation: 0)
        farm.turn()
        guard case .error(let error)? = farm.commands.last?.command else { return #expect(Bool(false)) }
        #expect(error.code == .malformedFrames && farm.machine.workers.isEmpty)
    }
}
