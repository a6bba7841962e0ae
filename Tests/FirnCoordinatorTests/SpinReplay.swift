import FirnProtocol
import Foundation
import JobStore
import Testing

@testable import FirnCoordinator

/// Replays a run of the SPIN model (protocol/lease.pml) on the state machine, step by step.
///
/// Each step of the model's coordinator becomes an event, and what the state machine then sends and holds is written in
/// the model's words and compared with what the model printed. Time never advances: where the model says that a time
/// is over, that deadline alone is moved to the present.
struct SpinReplay {
    /// What the model printed of one step: the event, the leases that a worker names, what is sent, and the state.
    struct Step {
        let event: [String]
        var leases: [[Int]] = []
        var sent: [String] = []
        var state: [String] = []

        var name: String { event.first ?? "" }
        /// The numbers of the event; words among them are skipped.
        var numbers: [Int] { event.dropFirst().compactMap { Int($0) } }
    }

    private var farm: Farm
    private var isUp = false
    private var replies: [JobStoreReply] = []
    private var client = 0
    private var submits: [UInt64: Int] = [:]
    private var lastCorrelation: UInt64 = 100
    private let jobs: Int
    private let workers: Int

    init(jobs: Int, workers: Int) {
        self.jobs = jobs
        self.workers = workers
        var settings = CoordinatorSettings()
        settings.lostWorkersToQuarantine = 2
        farm = Farm(settings: settings)
    }

    /// Reads the output of `spin -T`.
    static func steps(_ text: String) -> [Step] {
        var steps: [Step] = []
        for line in text.split(separator: "\n").lazy.map({ $0.drop { $0 == " " } })
        where line.hasPrefix("@") {
            let words = line.split(separator: " ").map(String.init)
            let rest = words.dropFirst().joined(separator: " ")
            switch words[0] {
            case "@e": steps.append(Step(event: Array(words.dropFirst())))
            case "@l": steps[steps.count - 1].leases.append(words.dropFirst().compactMap { Int($0) })
            case "@o": steps[steps.count - 1].sent.append(rest)
            case "@j", "@w": steps[steps.count - 1].state.append(words.joined(separator: " "))
            default: break
            }
        }
        return steps
    }

    /// Makes a step, and describes how the state machine differs from the model after it; nil if it does not.
    mutating func make(_ step: Step) -> String? {
        guard perform(step) else { return "'\(step.name)' is no event that can be replayed" }
        farm.turn()
        let sent = takeSent()
        // A coordinator that has ended has no state.
        guard isUp else { return nil }
        guard sent == step.sent.sorted() else { return "it sent \(sent) and not \(step.sent.sorted())" }
        let state = (0..<jobs).map(describeJob) + (0..<workers).map(describeWorker)
        return zip(state, step.state).first { $0 != $1 }.map { "the state is '\($0)' and not '\($1)'" }
    }

    // MARK: events

    private mutating func perform(_ step: Step) -> Bool {
        let numbers = step.numbers
        switch step.name {
        case "submit": submit(numbers[0], from: numbers[1])
        case "cancel": ask(.cancel(.with { $0.jobs = [UInt64(numbers[0] + 1)] }), from: numbers[1])
        case "client": client = numbers[0]
        case "commit": replies = farm.storeOperations()
        case "stored": farm.machine.handle(.stored(replies), at: farm.time)
        case "fail": farm.machine.handle(.storeFailed("the disk is full"), at: farm.time)
        case "crash": isUp = false
        case "stop":
            #expect(farm.isDrained)
            isUp = false
        case "start":
            farm.restart()
            isUp = true
        case "drain": farm.machine.handle(.drain, at: farm.time)
        case "drainWorker":
            farm.hello(from: Farm.operatorPeer)
            farm.ask(.drain(.with { $0.worker = name(numbers[0]) }), from: Farm.operatorPeer)
        case "hello": hello(step)
        case "beat": farm.heartbeat(peer(numbers[0], numbers[1]), named(step))
        case "result":
            let running = step.leases.first { $0[1] == Self.runs }
            farm.finish(
                peer(numbers[0], numbers[1]), id(numbers[2]), UInt32(numbers[3]),
                evaluating: running.map { Farm.lease(id($0[0]), UInt32($0[2])) })
        case "release":
            let lease = Farm.lease(id(numbers[2]), UInt32(numbers[3]), running: false)
            farm.tell(peer(numbers[0], numbers[1]), .release(.with { $0.leases = [lease] }))
        case "goodbye": farm.tell(peer(numbers[0], numbers[1]), .goodbye(WireGoodbye()))
        case "unreachable":
            farm.machine.handle(.unreachable(peer(numbers[0], numbers[1])), at: farm.time)
        case "credit": farm.tell(peer(numbers[0], numbers[1]), .credit(.with { $0.jobs = 1 }))
        default: return endTime(step)
        }
        return true
    }

    /// Makes the deadline that the event names due, and lets the coordinator see it.
    private mutating func endTime(_ step: Step) -> Bool {
        let now = farm.time.steady
        switch step.name {
        case "sweep": break
        case "orphans":
            for (id, job) in farm.machine.jobs {
                guard case .orphaned(let worker, _, let hasBegun) = job.state else { continue }
                farm.machine.jobs[id]?.state = .orphaned(worker: worker, until: now, hasBegun: hasBegun)
            }
        case "silence":
            guard let peer = farm.machine.workerNames[name(step.numbers[0])] else { return false }
            farm.machine.workers[peer]?.lastHeard.steady = now - farm.settings.silenceMs
            for index in farm.machine.workers[peer]?.leases.indices ?? 0..<0 {
                farm.machine.workers[peer]?.leases[index].expires = now
            }
        case "expire":
            guard let peer = farm.machine.workerNames[name(step.numbers[0])],
                let index = farm.machine.workers[peer]?.leases.firstIndex(where: {
                    $0.job == id(step.numbers[1])
                })
            else { return false }
            farm.machine.workers[peer]?.leases[index].expires = now
        case "grace": farm.machine.jobs[id(step.numbers[1])]?.cancellation?.deadline = now
        default: return false
        }
        farm.machine.sweep.next = now
        farm.machine.handle(.tick, at: farm.time)
        return true
    }

    private mutating func submit(_ job: Int, from number: Int) {
        let specification = Farm.job("\(job)") { $0.idempotencyKey = Data([UInt8(job)]) }
        submits[lastCorrelation + 1] = job
        ask(
            .submit(
                .with {
                    $0.jobs = [Data(specification.encoded())]
                    $0.watch = true
                }), from: number)
    }

    private mutating func ask(_ request: ClientRequest, from number: Int) {
        client = number
        let peer = Self.client(number)
        if farm.machine.clients[peer] == nil { farm.hello(from: peer) }
        lastCorrelation += 1
        farm.ask(request, lastCorrelation, from: peer)
    }

    private mutating func hello(_ step: Step) {
        let numbers = step.numbers
        var predecessor: WirePredecessor?
        if numbers[3] == 1 {
            predecessor = .with {
                $0.instance = Data([UInt8(numbers[4])])
                $0.cause = "killed"
                if numbers[5] > 0 { $0.evaluating = Farm.lease(id(numbers[5] - 1), UInt32(numbers[6])) }
            }
        }
        farm.connect(
            peer(numbers[0], numbers[2]), name: name(numbers[0]), instance: UInt8(numbers[1]),
            leases: named(step),
            predecessor: predecessor)
    }

    /// The leases that the worker names: the running one, those that wait, and those whose result is not committed.
    private func named(_ step: Step) -> [WireLease] {
        [Self.runs, Self.waits, Self.done].flatMap { state in
            step.leases.filter { $0[1] == state }.map {
                Farm.lease(id($0[0]), UInt32($0[2]), running: state != Self.waits)
            }
        }
    }

    private static let waits = 1
    private static let runs = 2
    private static let done = 3

    // MARK: the model's words

    private func id(_ job: Int) -> JobID { JobID(rawValue: Int64(job + 1)) }
    private func name(_ worker: Int) -> String { "w\(worker)" }

    private func peer(_ worker: Int, _ connection: Int) -> Peer {
        Peer(endpoint: .workers, routingID: [UInt8(worker), UInt8(connection)])
    }

    private static func client(_ number: Int) -> Peer {
        Peer(endpoint: .clients, routingID: [UInt8(number + 1)])
    }

    /// What was sent since the last step, sorted. What a client of an earlier connection would be sent goes nowhere.
    private mutating func takeSent() -> [String] {
        var sent = farm.commands.flatMap { said in
            words(said.command).map { "\($0.0) \(said.peer.routingID[0])\($0.1)" }
        }
        var told: Set<String> = []
        for said in farm.replies where said.peer == Self.client(client) {
            switch said.reply {
            case .submitReply: sent.append("receipt \(submits[said.correlation] ?? -1)")
            case .error: if let job = submits[said.correlation] { sent.append("refusal \(job)") }
            case .jobUpdates(let part):
                for status in part.updates where status.state == .finished {
                    let job = Int(status.job) - 1
                    told.insert("told \(job) \(status.outcome == .ok ? outcome(job) : Self.decided)")
                }
            default: break
            }
        }
        farm.clear()
        return (sent + told).sorted()
    }

    /// What a command says, before and after the number of the worker.
    private func words(_ command: WorkerCommand) -> [(String, String)] {
        func lease(_ job: UInt64, _ attempt: UInt32) -> String { " \(job - 1) \(attempt)" }
        switch command {
        case .stale(let stale): return stale.leases.map { ("stale", lease($0.job, $0.attempt)) }
        case .resultsCommitted(let part):
            return part.leases.map { ("committed", lease($0.job, $0.attempt)) }
        case .cancelAttempts(let part): return part.leases.map { ("cancel", lease($0.job, $0.attempt)) }
        case .dispatch(let part): return part.assignments.map { ("assign", lease($0.job, $0.attempt)) }
        case .drain: return [("drain", "")]
        case .error(let error): return [(error.code == .helloRequired ? "hello" : "\(error.code)", "")]
        default: return []
        }
    }

    /// The outcome on disk: the attempt that gave it, or 15 if the coordinator decided it.
    private func outcome(_ job: Int) -> Int {
        guard let outcome = farm.store.jobs[id(job)]?.outcome else { return 0 }
        return outcome.attempt == 0 ? Self.decided : Int(outcome.attempt)
    }

    private static let decided = 15

    private func describeJob(_ number: Int) -> String {
        let job = farm.machine.jobs[id(number)]
        let row = farm.store.jobs[id(number)]
        let (state, worker) = describe(job?.state)
        let held = (row?.holder).flatMap { Int($0.dropFirst()) } ?? 0
        let disk = [
            row == nil ? 0 : 1, Int(row?.attempt ?? 0), row?.holder == nil ? 0 : 1, held,
            row?.hasBegun ?? false ? 1 : 0,
        ]
        return
            "@j \(number) state \(state) worker \(worker) attempt \(job?.attempt ?? 0) lost \(job?.lost.count ?? 0) "
            + "cancelled \(job?.cancellation == nil ? 0 : 1) row "
            + (disk + [row?.lost.count ?? 0]).map(String.init).joined(separator: " ")
            + " outcome \(outcome(number))"
    }

    private func describe(_ state: Job.State?) -> (state: Int, worker: Int) {
        switch state {
        case nil, .delayed, .blocked, .building: (0, 0)
        case .queued: (1, 0)
        case .leasing(let peer): (2, Int(peer.routingID[0]))
        case .held(let peer): (3, Int(peer.routingID[0]))
        case .running(let peer): (4, Int(peer.routingID[0]))
        case .orphaned(let worker, _, _): (5, Int(worker.dropFirst()) ?? -1)
        case .concluding: (6, 0)
        }
    }

    private func describeWorker(_ number: Int) -> String {
        let session = farm.machine.workerNames[name(number)].flatMap { farm.machine.workers[$0] }
        let leases = (0..<2).map { index -> String in
            guard let session, index < session.leases.count else { return "0 0 0 0" }
            let lease = session.leases[index]
            let flags = [lease.isSent, lease.hasBegun, lease.isBeginStored].map { $0 ? "1" : "0" }
            return "\(lease.job.rawValue - 1) " + flags.joined(separator: " ")
        }
        let flags = [session != nil, session?.isConnected ?? false, session?.isDraining ?? false].map {
            $0 ? 1 : 0
        }
        return "@w \(number) known \(flags[0]) connected \(flags[1]) draining \(flags[2]) "
            + "instance \(session?.hello.instance.first ?? 0) credit \(session?.credit ?? 0) "
            + "leases \(session?.leases.count ?? 0): \(leases[0]), \(leases[1])"
    }
}
