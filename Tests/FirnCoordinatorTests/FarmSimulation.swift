import FirnProtocol
import Foundation
import HeapModule
import JobStore

@testable import FirnCoordinator

/// A farm in simulated time. Tenants always have jobs waiting, simulated workers behave as the habit of a tenant says,
/// and the state machine under test decides which worker gets which job when. Only evaluations take time.
struct FarmSimulation {
    /// How the jobs of a tenant behave.
    struct Habit: Sendable {
        enum Ending: Sendable {
            case result(WireOutcomeKind)
            /// The job crashes its worker process, which is restarted.
            case losesWorker
            /// The client cancels the job.
            case cancelled
        }

        /// Microseconds of processor time of a job, which is also its duration.
        var microseconds: Int64
        var ending = Ending.result(.ok)
        var fuel: UInt64 = 0
        var memoryBytes: UInt64 = 8 << 20
        /// The memory limit that the jobs name; 0 for the default.
        var memoryLimit: UInt64 = 0
        var priority: Int32 = 0
    }

    struct Tenant {
        let name: String
        let habit: Habit
        let client: Peer
        /// Microseconds of work that workers did for the tenant.
        var used: Int64 = 0
        /// The tenant's jobs that ended in a worker, in order.
        var ended: [JobID] = []
    }

    private struct Worker {
        var peer: Peer
        let name: String
        var instance: UInt8 = 1
        var waiting: [WireAssignment] = []
        var running: WireAssignment?
        var begin: Int64 = 0
        /// Credit given to the coordinator and not used.
        var credit = 0
        /// The number of the evaluation. Events of earlier ones are obsolete.
        var number = 0
        var isImpatient = false
    }

    private enum Event: Sendable {
        case end(worker: Int, number: Int)
        case impatience(worker: Int, number: Int)
        case cancel(JobID, worker: Int, number: Int)
        case beat
    }

    private(set) var farm: Farm
    private(set) var tenants: [Tenant] = []
    private var workers: [Worker] = []
    private var events = Heap<Due<Event>>()
    private var owners: [JobID: Int] = [:]
    /// Microseconds since the start.
    private(set) var now: Int64 = 0
    private let start: CoordinatorTime
    /// The attempts of each job that were sent to a worker.
    private(set) var attempts: [JobID: UInt32] = [:]

    private static let heldJobs = 16
    private static let patience: Int64 = 40_000
    private static let heartbeat: Int64 = 500_000

    init(workers count: Int, settings: CoordinatorSettings = CoordinatorSettings()) {
        farm = Farm(settings: settings)
        start = farm.time
        for number in 0..<count {
            workers.append(Worker(peer: Farm.worker(UInt8(number)), name: "w\(number)"))
            connect(number)
        }
        events.insert(Due(time: Self.heartbeat, key: .beat))
    }

    // MARK: tenants

    mutating func add(_ name: String, _ habit: Habit) -> Int {
        let peer = Peer(endpoint: .clients, routingID: [100 + UInt8(tenants.count)])
        tenants.append(Tenant(name: name, habit: habit, client: peer))
        farm.hello(from: peer, tenant: name)
        return tenants.count - 1
    }

    @discardableResult
    mutating func submit(_ count: Int, of tenant: Int) -> [JobID] {
        let habit = tenants[tenant].habit
        let job = Farm.job("1") {
            $0.priority = habit.priority
            $0.limits.memoryBytes = habit.memoryLimit
        }
        let ids = farm.submit(
            [WireJobSpecification](repeating: job, count: count), from: tenants[tenant].client,
            tenant: tenants[tenant].name)
        for id in ids { owners[id] = tenant }
        settle()
        return ids
    }

    /// The tenant's share of all processor time.
    func share(of tenant: Int) -> Double {
        Double(tenants[tenant].used) / Double(tenants.reduce(0) { $0 + $1.used })
    }

    /// Advances time.
    ///
    /// - Parameter backlog: whether each tenant submits a new job whenever one of its jobs ends.
    mutating func run(milliseconds: Int64, backlog: Bool = false) {
        let end = now + milliseconds * 1_000
        while let due = events.min, due.time <= end {
            _ = events.popMin()
            pass(to: due.time)
            let before = tenants.map(\.ended.count)
            handle(due.key)
            settle()
            guard backlog else { continue }
            for tenant in tenants.indices where tenants[tenant].ended.count > before[tenant] {
                submit(tenants[tenant].ended.count - before[tenant], of: tenant)
            }
        }
        pass(to: end)
    }

    private mutating func pass(to time: Int64) {
        now = time
        farm.time.steady = start.steady + now / 1_000
        farm.time.wall = start.wall + now / 1_000
    }

    /// Commits waiting operations and delivers what the coordinator sent.
    private mutating func settle() {
        farm.settle()
        let commands = farm.commands
        farm.clear()
        for said in commands {
            guard let worker = workers.firstIndex(where: { $0.peer == said.peer }) else { continue }
            switch said.command {
            case .dispatch(let dispatch): for assignment in dispatch.assignments { take(assignment, worker) }
            case .cancelAttempts(let cancel):
                if let running = workers[worker].running, cancel.leases.contains(where: { $0.job == running.job }) {
                    finish(worker, .cancelled)
                }
            default: break
            }
        }
        if !commands.isEmpty { farm.settle() }
    }

    // MARK: workers

    private mutating func connect(_ worker: Int) {
        farm.connect(workers[worker].peer, name: workers[worker].name, instance: workers[worker].instance)
        workers[worker].credit = 0
        giveCredit(worker)
    }

    private mutating func giveCredit(_ worker: Int) {
        let assigned = workers[worker].waiting.count + (workers[worker].running == nil ? 0 : 1)
        let wanted = Self.heldJobs - assigned - workers[worker].credit
        guard wanted >= Self.heldJobs / 4 else { return }
        workers[worker].credit += wanted
        farm.tell(workers[worker].peer, .credit(.with { $0.jobs = UInt32(wanted) }))
    }

    private mutating func take(_ assignment: WireAssignment, _ worker: Int) {
        workers[worker].credit -= 1
        attempts[JobID(rawValue: Int64(assignment.job))] = assignment.attempt
        let successor = workers[worker].waiting.firstIndex { $0.job == assignment.aheadOf } ?? 0
        let index = assignment.aheadOf == 0 ? workers[worker].waiting.count : successor
        workers[worker].waiting.insert(assignment, at: index)
        if workers[worker].running == nil { begin(worker) }
        beImpatient(worker)
    }

    private mutating func begin(_ worker: Int) {
        guard !workers[worker].waiting.isEmpty else { return }
        let assignment = workers[worker].waiting.removeFirst()
        workers[worker].running = assignment
        workers[worker].begin = now
        workers[worker].number += 1
        guard let tenant = owners[JobID(rawValue: Int64(assignment.job))] else { return }
        let end = now + tenants[tenant].habit.microseconds
        let number = workers[worker].number
        if case .cancelled = tenants[tenant].habit.ending {
            let job = JobID(rawValue: Int64(assignment.job))
            events.insert(Due(time: end, key: .cancel(job, worker: worker, number: number)))
        } else {
            events.insert(Due(time: end, key: .end(worker: worker, number: number)))
        }
        beImpatient(worker)
    }

    private mutating func beImpatient(_ worker: Int) {
        guard !workers[worker].waiting.isEmpty, !workers[worker].isImpatient else { return }
        workers[worker].isImpatient = true
        events.insert(
            Due(
                time: max(workers[worker].begin + Self.patience, now),
                key: .impatience(worker: worker, number: workers[worker].number)))
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .end(let worker, let number):
            guard workers[worker].number == number, workers[worker].running != nil else { return }
            end(worker)
        case .impatience(let worker, let number):
            workers[worker].isImpatient = false
            guard workers[worker].number == number else { return beImpatient(worker) }
            giveBack(worker)
        case .cancel(let job, let worker, let number):
            guard workers[worker].number == number, let tenant = owners[job] else { return }
            farm.ask(
                .cancel(.with { $0.jobs = [UInt64(farm.store.jobs[job]?.number ?? 0)] }), from: tenants[tenant].client,
                tenant: tenants[tenant].name)
        case .beat: beat()
        }
    }

    private mutating func end(_ worker: Int) {
        guard let running = workers[worker].running, let tenant = owners[JobID(rawValue: Int64(running.job))] else {
            return
        }
        switch tenants[tenant].habit.ending {
        case .result(let outcome): finish(worker, outcome)
        case .cancelled: finish(worker, .ok)
        case .losesWorker:
            note(worker)
            farm.machine.handle(.unreachable(workers[worker].peer), at: farm.time)
            workers[worker].instance &+= 1
            workers[worker].peer = Peer(endpoint: .workers, routingID: [workers[worker].instance, UInt8(worker)])
            workers[worker].running = nil
            workers[worker].waiting = []
            connect(worker)
        }
    }

    /// Records the work of a worker for a job, whatever its result.
    private mutating func note(_ worker: Int) {
        guard let running = workers[worker].running, let tenant = owners[JobID(rawValue: Int64(running.job))] else {
            return
        }
        tenants[tenant].used += now - workers[worker].begin
        tenants[tenant].ended.append(JobID(rawValue: Int64(running.job)))
    }

    private mutating func finish(_ worker: Int, _ outcome: WireOutcomeKind) {
        guard let running = workers[worker].running, let tenant = owners[JobID(rawValue: Int64(running.job))] else {
            return
        }
        note(worker)
        let nanoseconds = UInt64(now - workers[worker].begin) * 1_000
        let habit = tenants[tenant].habit
        workers[worker].running = nil
        begin(worker)
        let result = WireJobResult.with {
            $0.outcome = outcome
            $0.statistics.cpuNs = nanoseconds
            $0.statistics.fuel = habit.fuel
            $0.statistics.memoryByteSeconds = UInt64(Double(habit.memoryBytes) * Double(nanoseconds) / 1e9)
        }
        let evaluating = workers[worker].running
        farm.tell(
            workers[worker].peer,
            .results(
                .with {
                    $0.results = [
                        .with { ($0.job, $0.attempt, $0.result) = (running.job, running.attempt, result) }
                    ]
                    guard let evaluating else { return }
                    $0.evaluating = .with {
                        ($0.job, $0.attempt, $0.running) = (evaluating.job, evaluating.attempt, true)
                    }
                }))
        giveCredit(worker)
    }

    private mutating func giveBack(_ worker: Int) {
        let waiting = workers[worker].waiting
        guard !waiting.isEmpty else { return }
        workers[worker].waiting = []
        workers[worker].credit = 0
        farm.tell(
            workers[worker].peer,
            .release(
                .with {
                    $0.leases = waiting.map { lease in .with { ($0.job, $0.attempt) = (lease.job, lease.attempt) } }
                }))
    }

    private mutating func beat() {
        for worker in workers {
            let waiting = worker.waiting.map { lease in
                WireLease.with { ($0.job, $0.attempt) = (lease.job, lease.attempt) }
            }
            let running = worker.running.map { lease in
                WireLease.with {
                    ($0.job, $0.attempt, $0.running) = (lease.job, lease.attempt, true)
                    $0.cpuNs = UInt64(now - worker.begin) * 1_000
                }
            }
            farm.heartbeat(worker.peer, (running.map { [$0] } ?? []) + waiting)
        }
        for tenant in tenants { farm.ask(.ping(WirePing()), 3, from: tenant.client, tenant: tenant.name) }
        farm.machine.handle(.tick, at: farm.time)
        events.insert(Due(time: now + Self.heartbeat, key: .beat))
    }
}
