import FirnProtocol
import Foundation
import JobStore
import TestSupport
import Testing

@testable import FirnCoordinator

/// Clients, workers and a disk that act at random: workers die, hang, reconnect and send results twice; commits are
/// late; the coordinator is killed before and after a commit.
struct RandomFarm {
    struct Worker {
        let name: String
        var instance: UInt8
        var peer: Peer
        var isKnown = false
        /// The leases that the worker believes to hold, and the results that were not acknowledged.
        var leases: [WireLease] = []
        var unconfirmed: [WireLease] = []
        var credit = 0
        /// The jobs for which the worker builds.
        var building: [JobID] = []
    }

    var farm: Farm
    var random: SeededGenerator
    var workers: [Worker]
    var accepted: Set<JobID> = []
    var sent: Set<[Int64]> = []
    var confirmed: [JobID: UInt32] = [:]
    /// Attempts that ended with a need for builds.
    var putOff: Set<[Int64]> = []
    private var peers: UInt8 = 10

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        var settings = CoordinatorSettings()
        settings.lostWorkersToQuarantine = 1_000
        settings.defaultPolicy.maximumBuilding = 2
        farm = Farm(settings: settings)
        workers = (0..<3).map { Worker(name: "w\($0)", instance: 1, peer: Farm.worker(UInt8($0))) }
        farm.hello()
    }

    mutating func step() {
        let index = Int.random(in: 0..<workers.count, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<15: submit()
        case 15..<28: give(index)
        case 28..<30: build(index)
        case 30..<55: finish(index)
        case 55..<65: beat(index)
        case 65..<85: farm.commit()
        case 85..<90: farm.pass(Int64.random(in: 1...2_000, using: &random))
        case 90..<92: die(index)
        case 92..<94: reconnect(index)
        case 94..<96: farm.machine.handle(.unreachable(workers[index].peer), at: farm.time)
        case 96..<97: cancel()
        case 97..<98: giveBack(index)
        default: restart()
        }
        farm.turn()
        listen()
    }

    private mutating func submit() {
        let key = UInt8.random(in: .min ... .max, using: &random)
        farm.ask(
            .submit(
                .with {
                    $0.jobs = (0..<3).map { number in
                        let job = Farm.job("\(key)\(number)") {
                            $0.idempotencyKey = Data([key, UInt8(number)])
                            $0.importFromDerivation = number == 1
                        }
                        return Data(job.encoded())
                    }
                }))
    }

    private mutating func give(_ index: Int) {
        guard workers[index].isKnown else { return reconnect(index) }
        workers[index].credit += 2
        farm.tell(workers[index].peer, .credit(.with { $0.jobs = 2 }))
    }

    private mutating func finish(_ index: Int) {
        guard workers[index].isKnown else { return }
        if !workers[index].leases.isEmpty {
            let place = Int.random(in: 0..<workers[index].leases.count, using: &random)
            workers[index].unconfirmed.append(workers[index].leases.remove(at: place))
        }
        for lease in workers[index].unconfirmed {
            let id = JobID(rawValue: Int64(lease.job))
            let isPutOff = putOff.contains([id.rawValue, Int64(lease.attempt)])
            if isPutOff || mayNeedBuilds(id) && Int.random(in: 0..<3, using: &random) == 0 {
                putOff.insert([id.rawValue, Int64(lease.attempt)])
                farm.need(workers[index].peer, id, lease.attempt, ["a", "b"])
                continue
            }
            farm.finish(
                workers[index].peer, JobID(rawValue: Int64(lease.job)), lease.attempt,
                cpuNanoseconds: UInt64.random(in: 0...100_000_000, using: &random),
                evaluating: workers[index].leases.first)
        }
    }

    private func mayNeedBuilds(_ id: JobID) -> Bool {
        farm.machine.jobs[id]?.requirement.builds ?? false
    }

    /// Ends a build. What the coordinator has forgotten meanwhile is ended, too.
    private mutating func build(_ index: Int) {
        guard workers[index].isKnown, !workers[index].building.isEmpty else { return }
        let failures = Bool.random(using: &random) ? ["a"] : []
        farm.endBuilds(workers[index].peer, workers[index].building.removeFirst(), failures: failures)
    }

    private mutating func beat(_ index: Int) {
        guard workers[index].isKnown else { return }
        for place in workers[index].leases.indices {
            workers[index].leases[place].running = Bool.random(using: &random)
            workers[index].leases[place].cpuNs = UInt64.random(in: 0...100_000_000, using: &random)
        }
        farm.heartbeat(workers[index].peer, workers[index].leases + workers[index].unconfirmed)
    }

    /// Checks that the counters of the state machine match its jobs and leases.
    func checkCounts() {
        let machine = farm.machine
        for (number, tenant) in machine.tenants.enumerated() {
            let jobs = machine.jobs.values.filter { $0.tenant == number }
            let leased = jobs.filter(\.isLeased)
            #expect(tenant.leased == leased.count)
            #expect(tenant.running == leased.count { $0.wireState == .running })
            #expect(tenant.ready == jobs.count(where: \.isQueued))
            #expect(tenant.requeued == jobs.count { $0.isQueued && $0.attempt > 0 })
            let building = jobs.filter { $0.wireState == .building }
            #expect(tenant.delayed == building.count)
            let begun = building.filter { if case .building(_, hasBegun: true) = $0.state { true } else { false } }
            #expect(tenant.building == begun.count && begun.count <= tenant.policy.maximumBuilding)
            for job in building {
                guard case .building(let peer, _) = job.state else { continue }
                #expect(machine.workers[peer]?.building.contains(job.id) == true)
            }
            #expect(tenant.share.charges == jobs.count { $0.charge != nil })
            #expect(tenant.share.virtualTime >= 0)
            #expect(jobs.allSatisfy { $0.evaluation == nil || $0.charge != nil })
        }
        for session in machine.workers.values {
            for lease in session.leases {
                guard let job = machine.jobs[lease.job] else {
                    Issue.record("a lease of a job that is not open")
                    continue
                }
                #expect(job.isLeased && job.attempt == lease.attempt)
                #expect((job.wireState == .running) == lease.hasBegun)
                #expect((job.evaluation != nil) == lease.hasBegun)
            }
        }
    }

    /// Kills a worker, and starts a new process with the same name.
    private mutating func die(_ index: Int) {
        workers[index].instance &+= 1
        workers[index].leases = []
        workers[index].unconfirmed = []
        workers[index].building = []
        reconnect(index)
    }

    private mutating func reconnect(_ index: Int) {
        peers &+= 1
        workers[index].peer = Peer(endpoint: .workers, routingID: [peers, UInt8(index)])
        workers[index].isKnown = false
        workers[index].credit = 0
        farm.connect(
            workers[index].peer, name: workers[index].name, instance: workers[index].instance,
            leases: workers[index].leases + workers[index].unconfirmed, builds: true)
    }

    private mutating func giveBack(_ index: Int) {
        guard workers[index].isKnown, let lease = workers[index].leases.popLast() else { return }
        farm.tell(workers[index].peer, .release(.with { $0.leases = [lease] }))
    }

    private mutating func cancel() {
        guard let job = accepted.randomElement(using: &random) else { return }
        farm.ask(.cancel(.with { $0.jobs = [UInt64(job.rawValue)] }))
    }

    private mutating func restart() {
        farm.turn()
        // Half of the time the batch is on disk although nobody was told.
        if Bool.random(using: &random) { _ = farm.store.apply(farm.uncommitted) }
        farm.restart()
        for index in workers.indices { workers[index].isKnown = false }
        farm.hello()
    }

    /// Delivers what the coordinator sent.
    private mutating func listen() {
        for receipt in farm.receipts where receipt.accepted.job > 0 {
            accepted.insert(JobID(rawValue: Int64(receipt.accepted.job)))
        }
        for said in farm.commands {
            guard let index = workers.firstIndex(where: { $0.peer == said.peer }) else { continue }
            hear(said.command, index)
        }
        farm.clear()
    }

    private mutating func hear(_ command: WorkerCommand, _ index: Int) {
        switch command {
        case .welcome: workers[index].isKnown = true
        case .uploadReply: Issue.record("no job of the model gives store objects")
        case .prepareSet: Issue.record("no job of the model starts from a prepared set")
        case .error(let error): if error.code == .helloRequired { workers[index].isKnown = false }
        case .dispatch(let dispatch):
            for assignment in dispatch.assignments {
                #expect(
                    sent.insert([Int64(assignment.job), Int64(assignment.attempt)]).inserted, "an attempt comes twice")
                let stored = farm.store.jobs[JobID(rawValue: Int64(assignment.job))]
                #expect(stored?.attempt ?? 0 >= Int64(assignment.attempt), "a lease was sent that is not on disk")
                workers[index].credit -= 1
                workers[index].leases.append(
                    .with {
                        $0.job = assignment.job
                        $0.attempt = assignment.attempt
                    })
            }
            #expect(workers[index].credit >= 0, "more was sent than the credit allows")
        case .resultsCommitted(let committed):
            for lease in committed.leases {
                let id = JobID(rawValue: Int64(lease.job))
                defer { workers[index].forget(lease.job, lease.attempt) }
                if putOff.contains([id.rawValue, Int64(lease.attempt)]) { continue }
                #expect(confirmed[id] == nil || confirmed[id] == lease.attempt, "two attempts were confirmed")
                #expect(farm.store.jobs[id]?.outcome?.attempt == Int64(lease.attempt))
                confirmed[id] = lease.attempt
            }
        case .stale(let stale): for lease in stale.leases { workers[index].forget(lease.job, lease.attempt) }
        case .startBuilds(let start): workers[index].building.append(JobID(rawValue: Int64(start.job)))
        case .cancelAttempts, .heartbeat, .drain: break
        }
    }

    /// From now on everything works, so every accepted job must end.
    mutating func finishAll() {
        for _ in 0..<200 where accepted.contains(where: { farm.outcome($0) == nil }) {
            for index in workers.indices {
                if !workers[index].isKnown { reconnect(index) }
                farm.turn()
                listen()
                beat(index)
                if workers[index].credit < 4 { give(index) }
                finish(index)
                while !workers[index].building.isEmpty, workers[index].isKnown { build(index) }
            }
            farm.pass(200)
            farm.settle()
            listen()
        }
    }
}

extension RandomFarm.Worker {
    mutating func forget(_ job: UInt64, _ attempt: UInt32) {
        leases.removeAll { $0.job == job && $0.attempt == attempt }
        unconfirmed.removeAll { $0.job == job && $0.attempt == attempt }
    }
}

@Suite struct ModelTests {
    /// Whatever happens, no accepted job is lost, no attempt is leased twice, and no outcome is committed twice.
    @Test(arguments: 1...40) func nothingIsLostAndNothingIsCommittedTwice(seed: Int) {
        var model = RandomFarm(seed: UInt64(seed))
        for step in 0..<800 {
            model.step()
            if step.isMultiple(of: 20) { model.checkCounts() }
        }
        model.finishAll()
        model.checkCounts()
        let unfinished = model.accepted.filter { model.farm.outcome($0) == nil }
        #expect(unfinished.isEmpty, "seed \(seed)")
        #expect(!model.accepted.isEmpty && !model.confirmed.isEmpty && !model.putOff.isEmpty)
        #expect(model.farm.machine.jobs.values.allSatisfy { !model.accepted.contains($0.id) })
        #expect(model.farm.machine.metrics.storeRefusals == 0)
    }
}
