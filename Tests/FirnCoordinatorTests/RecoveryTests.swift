import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

@Suite struct RecoveryTests {
    let worker = Farm.worker(1)

    private func farm() -> (Farm, [JobID]) {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w1", credit: 1)
        let ids = farm.submit([Farm.job("1"), Farm.job("2")])
        farm.settle()
        farm.restart()
        return (farm, ids)
    }

    @Test func aWorkerThatComesBackKeepsItsLease() {
        var (farm, ids) = farm()
        farm.finish(worker, ids[0], 1)
        farm.turn()
        guard case .error(let error)? = farm.commands.last?.command else { return #expect(Bool(false)) }
        #expect(error.code == .helloRequired)
        farm.connect(worker, name: "w1", leases: [Farm.lease(ids[0], 1)])
        farm.finish(worker, ids[0], 1)
        farm.settle()
        #expect(farm.committed(worker).map(\.job) == [1])
        #expect(farm.outcome(ids[0]) == .ok)
    }

    @Test func aLeaseThatItsWorkerDoesNotNameIsQueuedWithoutBlame() {
        var (farm, ids) = farm()
        farm.connect(worker, name: "w1", instance: 2, credit: 2)
        farm.settle()
        #expect(farm.assignments(worker).map(\.job) == [1, 2])
        #expect(farm.assignments(worker).map(\.attempt) == [2, 1])
        #expect(farm.store.jobs[ids[0]]?.lost.isEmpty ?? false)
    }

    @Test func aWorkerThatDoesNotComeBackIsLost() {
        var (farm, ids) = farm()
        farm.passInSteps(11_000)
        #expect(farm.store.jobs[ids[0]]?.lost.map(\.worker) == ["w1"])
        farm.connect(Farm.worker(2), name: "w2", credit: 2)
        farm.settle()
        #expect(Set(farm.assignments(Farm.worker(2)).map(\.attempt)) == [1, 2])
    }

    @Test func lossesAreRememberedAcrossStarts() {
        var (farm, ids) = farm()
        for _ in 0..<3 {
            farm.passInSteps(11_000)
            farm.connect(Farm.worker(2), name: "w2", credit: 1)
            farm.settle()
            farm.restart()
        }
        farm.passInSteps(11_000)
        #expect(ids.contains { farm.outcome($0) == .quarantined })
    }

    @Test func aDrainTakesAndLeasesNothingAndEndsWhenNothingRuns() {
        var farm = Farm()
        farm.hello()
        farm.connect(worker, name: "w1", credit: 1)
        let ids = farm.submit([Farm.job("1"), Farm.job("2")])
        farm.settle()
        farm.machine.handle(.drain, at: farm.time)
        farm.ask(.submit(.with { $0.jobs = [Data(Farm.job("3").encoded())] }))
        farm.tell(worker, .credit(.with { $0.jobs = 1 }))
        farm.settle()
        #expect(farm.errors == [.draining])
        #expect(!farm.isDrained)
        farm.finish(worker, ids[0], 1)
        farm.turn()
        #expect(!farm.isDrained)
        farm.settle()
        #expect(farm.isDrained)
        #expect(farm.outcome(ids[0]) == .ok)
        #expect(farm.store.jobs[ids[1]]?.attempt == 0)
    }

    @Test func anOperatorDrainsAWorker() {
        var farm = Farm()
        farm.hello()
        farm.hello(from: Farm.operatorPeer)
        farm.connect(worker, name: "w1", credit: 3)
        farm.ask(.drain(.with { $0.worker = "w1" }), from: Farm.operatorPeer)
        farm.ask(.drain(.with { $0.worker = "w9" }), from: Farm.operatorPeer)
        farm.turn()
        #expect(farm.commands.last?.command.kind == .drainWorker)
        #expect(farm.errors == [.unknownWorker])
        _ = farm.submit([Farm.job("1")])
        farm.settle()
        #expect(farm.assignments(worker).isEmpty)
    }
}
