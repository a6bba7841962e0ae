import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

/// Jobs that start from prepared sets.
@Suite struct PreparedSetTests {
    private let worker = Farm.worker(1)
    private let other = Farm.worker(2)

    private static func job(_ name: String = "nixpkgs", identity: UInt8? = nil) -> WireJobSpecification {
        .with {
            $0.prepared.name = name
            if let identity { $0.prepared.identity = Self.identity(identity) }
            $0.attribute = "hello.drvPath"
        }
    }

    private static func identity(_ byte: UInt8) -> Data { Data(repeating: byte, count: 32) }

    private static func set(
        _ state: WirePreparedSet.State = .ready, identity: UInt8 = 1, tenants: [String] = ["*"], root: String = ""
    ) -> WirePreparedSet {
        .with {
            $0.name = "nixpkgs"
            $0.state = state
            $0.identity = Self.identity(identity)
            $0.tenants = tenants
            $0.root = root
            if state == .failed { $0.reason = "no luck" }
        }
    }

    private func farm(_ settings: CoordinatorSettings = CoordinatorSettings()) -> Farm {
        var farm = Farm(settings: settings)
        farm.hello()
        return farm
    }

    private func prepareRequests(_ farm: Farm, _ peer: Peer) -> [WirePrepareSet] {
        farm.commands.compactMap { said in
            guard said.peer == peer, case .prepareSet(let prepare) = said.command else { return nil }
            return prepare
        }
    }

    private func finish(_ farm: inout Farm, _ peer: Peer, _ id: JobID, identity: UInt8?) {
        let result = WireJobResult.with {
            $0.outcome = .ok
            if let identity { $0.preparedIdentity = Self.identity(identity) }
        }
        let attempt = WireAttemptResult.with {
            $0.job = UInt64(id.rawValue)
            $0.attempt = 1
            $0.result = result
        }
        farm.tell(peer, .results(.with { $0.results = [attempt] }))
        farm.settle()
    }

    @Test func aJobGoesToAWorkerThatHasTheSetAndSaysWhich() {
        var farm = farm()
        farm.connect(worker, name: "w1", credit: 4)
        farm.connect(other, name: "w2", credit: 4, prepared: [Self.set()])
        let ids = farm.submit([Self.job()])
        farm.settle()
        #expect(farm.assignments(worker).isEmpty, "an older worker announces none")
        #expect(farm.assignments(other).map(\.preparedIdentity) == [Self.identity(1)])
        finish(&farm, other, ids[0], identity: 1)
        #expect(farm.outcome(ids[0]) == .ok)
    }

    @Test func aJobWaitsUntilAWorkerHasMadeTheSet() {
        var farm = farm()
        farm.connect(worker, name: "w1", credit: 4, prepared: [Self.set(.absent)])
        farm.connect(other, name: "w2", credit: 4, prepared: [Self.set(.absent)])
        let ids = farm.submit([Self.job(), Self.job()])
        farm.settle()
        #expect(farm.state(of: ids[0]) == .queued)
        #expect(prepareRequests(farm, worker).map(\.identity) == [Self.identity(1)], "one is asked, and once")
        #expect(prepareRequests(farm, other).isEmpty)
        farm.tell(worker, .preparedSets(.with { $0.sets = [Self.set(.building)] }))
        farm.settle()
        #expect(prepareRequests(farm, worker).count == 1 && prepareRequests(farm, other).isEmpty)
        #expect(farm.assignments(worker).isEmpty)
        farm.tell(other, .preparedSets(.with { $0.sets = [Self.set()] }))
        farm.settle()
        #expect(farm.assignments(other).count == 2, "whoever is ready first gets the jobs")
    }

    @Test func anotherWorkerIsAskedWhenTheFirstIsLost() {
        var farm = farm()
        farm.connect(worker, name: "w1", credit: 4, prepared: [Self.set(.absent)])
        farm.connect(other, name: "w2", credit: 4, prepared: [Self.set(.absent)])
        _ = farm.submit([Self.job()])
        farm.settle()
        farm.tell(worker, .goodbye(WireGoodbye()))
        farm.settle()
        #expect(prepareRequests(farm, other).map(\.name) == ["nixpkgs"])
    }

    @Test func aSetThatCannotBeMadeEndsItsJobs() {
        var farm = farm()
        farm.connect(worker, name: "w1", credit: 4, prepared: [Self.set(.failed)])
        farm.connect(other, name: "w2", credit: 4, prepared: [Self.set(.building)])
        let ids = farm.submit([Self.job(), Farm.job("1")])
        farm.settle()
        #expect(farm.state(of: ids[0]) == .queued, "the other worker may succeed")
        farm.tell(other, .preparedSets(.with { $0.sets = [Self.set(.failed)] }))
        farm.settle()
        #expect(farm.outcome(ids[0]) == .evalError)
        #expect(farm.machine.preparedJobs == 0)
    }

    @Test func aJobForAnUnknownSetEndsUnavailable() {
        var settings = CoordinatorSettings()
        settings.unavailableAfter = .seconds(10)
        var farm = farm(settings)
        farm.connect(worker, name: "w1", credit: 4)
        let ids = farm.submit([Self.job()])
        farm.passInSteps(11_000) { $0.heartbeat(Farm.worker(1), []) }
        #expect(farm.outcome(ids[0]) == .unavailable)
    }

    /// A worker that can make the set is no reason to give up.
    @Test func aJobOutlastsTheMakingOfItsSet() {
        var settings = CoordinatorSettings()
        settings.unavailableAfter = .seconds(10)
        var farm = farm(settings)
        farm.connect(worker, name: "w1", credit: 4, prepared: [Self.set(.building)])
        let ids = farm.submit([Self.job()])
        farm.passInSteps(11_000) { $0.heartbeat(Farm.worker(1), []) }
        #expect(farm.state(of: ids[0]) == .queued)
    }

    // MARK: the identity

    @Test func aLaterAttemptStartsFromTheSameSet() {
        var farm = farm()
        farm.connect(worker, name: "w1", credit: 1, prepared: [Self.set(identity: 1)])
        let ids = farm.submit([Self.job()])
        farm.settle()
        farm.heartbeat(worker, [Farm.lease(ids[0], 1)])
        farm.settle()
        farm.connect(other, name: "w2", credit: 4, prepared: [Self.set(identity: 2)])
        let replaced = WirePredecessor.with {
            $0.instance = Data([1])
            $0.cause = "killed"
            $0.evaluating = Farm.lease(ids[0], 1)
        }
        farm.connect(
            worker, name: "w1", instance: 2, credit: 4, prepared: [Self.set(identity: 2)], predecessor: replaced)
        farm.settle()
        #expect(farm.state(of: ids[0]) == .queued)
        #expect(farm.assignments(other).isEmpty, "it has another set of that name")
        farm.tell(other, .preparedSets(.with { $0.sets = [Self.set(identity: 1)] }))
        farm.settle()
        #expect(farm.assignments(other).map(\.attempt) == [2])
        #expect(farm.assignments(other).map(\.preparedIdentity) == [Self.identity(1)])
    }

    @Test func theIdentityOutlivesTheCoordinator() {
        var farm = farm()
        farm.connect(worker, name: "w1", credit: 1, prepared: [Self.set(identity: 1)])
        let ids = farm.submit([Self.job()])
        farm.settle()
        farm.restart()
        farm.connect(worker, name: "w1", instance: 2, credit: 1, prepared: [Self.set(identity: 2)])
        farm.passInSteps(20_000) { $0.heartbeat(Farm.worker(1), []) }
        #expect(farm.state(of: ids[0]) == .queued && farm.assignments(worker).isEmpty)
        farm.tell(worker, .preparedSets(.with { $0.sets = [Self.set(identity: 1)] }))
        farm.settle()
        #expect(farm.assignments(worker).map(\.attempt) == [2])
    }

    @Test func aJobThatNeverBeganStartsFromWhateverIsThere() {
        var farm = farm()
        farm.connect(worker, name: "w1", credit: 4, prepared: [Self.set(identity: 1)])
        let ids = farm.submit([Farm.job("1"), Self.job()])
        farm.settle()
        farm.tell(worker, .preparedSets(.with { $0.sets = [Self.set(identity: 2)] }))
        farm.tell(worker, .release(.with { $0.leases = [Farm.lease(ids[1], 1, running: false)] }))
        farm.tell(worker, .credit(.with { $0.jobs = 2 }))
        farm.settle()
        #expect(farm.assignments(worker).last?.preparedIdentity == Self.identity(2))
    }

    @Test func aJobMayAskForOneIdentity() {
        var farm = farm()
        farm.connect(worker, name: "w1", credit: 4, prepared: [Self.set(identity: 1)])
        let ids = farm.submit([Self.job(identity: 2), Self.job(identity: 1)])
        farm.settle()
        #expect(farm.state(of: ids[0]) == .queued)
        #expect(farm.assignments(worker).map(\.job) == [UInt64(ids[1].rawValue)])
    }

    /// A job must not count as evaluated from one set and report another.
    @Test(arguments: [2, nil] as [UInt8?]) func aResultOfAnotherSetLosesTheLease(identity: UInt8?) {
        var farm = farm()
        farm.connect(worker, name: "w1", credit: 1, prepared: [Self.set()])
        let ids = farm.submit([Self.job()])
        farm.settle()
        finish(&farm, worker, ids[0], identity: identity)
        #expect(farm.outcome(ids[0]) == nil)
        #expect(farm.machine.jobs[ids[0]]?.lost.count == 1)
    }

    // MARK: rights

    @Test func aTenantWithoutTheRightIsRefused() {
        var settings = CoordinatorSettings()
        var policy = TenantPolicy()
        policy.roots = ["lib"]
        settings.tenants["acme"] = policy
        var farm = farm(settings)
        farm.connect(worker, name: "w1", credit: 4, prepared: [Self.set(tenants: ["zeta"])])
        #expect(farm.submit([Self.job()]).isEmpty)
        #expect(farm.receipts.last?.refused.code == .notPermitted)
        #expect(farm.receipts.last?.refused.message.contains("this tenant may not use the set 'nixpkgs'") == true)
        farm.tell(worker, .preparedSets(.with { $0.sets = [Self.set(tenants: ["acme"], root: "nixpkgs")] }))
        #expect(farm.submit([Self.job()]).isEmpty)
        #expect(farm.receipts.last?.refused.message.contains("may not read the root 'nixpkgs'") == true)
        farm.tell(worker, .preparedSets(.with { $0.sets = [Self.set(tenants: ["acme"], root: "lib")] }))
        #expect(farm.submit([Self.job()]).count == 1)
    }

    /// The right is asked again where a job is dispatched: it may have been accepted before any worker had the set.
    @Test func aJobThatWaitedForASetOfOthersGoesNowhere() {
        var farm = farm()
        let ids = farm.submit([Self.job()])
        farm.connect(worker, name: "w1", credit: 4, prepared: [Self.set(tenants: ["zeta"])])
        farm.settle()
        #expect(farm.state(of: ids[0]) == .queued)
        #expect(farm.assignments(worker).isEmpty && prepareRequests(farm, worker).isEmpty)
    }

    // MARK: what workers say

    @Test func operatorsSeeTheSets() {
        var farm = farm()
        farm.connect(worker, name: "w1", prepared: [Self.set(.building)])
        farm.tell(worker, .preparedSets(.with { $0.sets = [Self.set()] }))
        farm.ask(.hello(WireClientHello()), 1, from: Farm.operatorPeer)
        farm.ask(.listWorkers(WireListWorkers()), 2, from: Farm.operatorPeer)
        farm.settle()
        guard case .workerList(let list)? = farm.replies.last?.reply else {
            Issue.record("no list")
            return
        }
        #expect(list.workers.first?.preparedSets == [Self.set()])
    }

    @Test func anAnnouncementBeyondTheBoundsChangesNothing() {
        var farm = farm()
        farm.connect(worker, name: "w1", credit: 4, prepared: [Self.set()])
        farm.clear()
        let many = (0...ProtocolLimits.preparedSets).map { number in
            WirePreparedSet.with { $0.name = "s\(number)" }
        }
        let unidentified = [
            WirePreparedSet.with {
                $0.name = "s"; $0.state = .ready
            }
        ]
        for sets in [many, unidentified, [Self.set(), Self.set()]] {
            farm.tell(worker, .preparedSets(.with { $0.sets = sets }))
        }
        farm.settle()
        let faults = farm.commands.filter { if case .error = $0.command { true } else { false } }
        #expect(faults.count == 3)
        #expect(farm.machine.workers[worker]?.preparedSets.keys.sorted() == ["nixpkgs"])
    }
}
