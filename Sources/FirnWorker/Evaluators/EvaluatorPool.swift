import FirnProtocol
import Foundation
import Glibc
import Logging
import Platform
import Sandbox
import ZeroMQ

/// The processes that evaluate a worker's jobs: one for each of the tenants whose jobs came last. One job is evaluated
/// at a time.
///
/// A process never evaluates jobs of two tenants, so whatever an evaluation leaves in memory, and whatever has become
/// of its process, is nothing to the other tenants. When there are as many processes as the configuration allows, the
/// one that was used least recently ends. One process without a tenant is kept ready, because starting one takes as
/// long as a hundred small jobs, and the jobs that wait behind another tenant's would be returned meanwhile.
///
/// If a process ends while it evaluates, the worker's process ends in the same way. Its supervisor then sees the job
/// and the reason, as with every other end of a worker.
actor EvaluatorPool: JobEvaluator {
    // The connection's own executor: the two call each other without changing threads.
    nonisolated let executor: PollingExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let launch: EvaluatorLaunch
    private let settings: EvaluatorSettings
    private let log: Logger
    private var evaluators: [pid_t: EvaluatorHandle] = [:]
    /// Processes that have closed their sockets.
    private var ending: [pid_t: Ending] = [:]
    /// What waits for a process to have entered its sandbox.
    private var starts: [pid_t: CheckedContinuation<Bool, Never>] = [:]
    private var current: Current?
    private var isBusy = false
    private var isStopped = false
    private var reports: [PartReport] = []
    /// Why the last process could not start.
    private var refusal = ""

    private struct Ending {
        let evaluator: EvaluatorHandle
        let wasEvaluating: Bool
    }

    private struct Current {
        let run: AssignedJob
        let evaluator: EvaluatorHandle
        let continuation: CheckedContinuation<WireJobResult, Never>
    }

    init(
        _ launch: EvaluatorLaunch, _ settings: EvaluatorSettings, executor: PollingExecutor, logger: Logger
    ) {
        self.executor = executor
        self.launch = launch
        self.settings = settings
        log = logger
    }

    /// Starts the first process.
    ///
    /// - Returns: the parts of the sandbox that it has entered.
    /// - Throws: `EvaluatorError` if a part is missing that the configuration requires.
    func begin() async throws -> [PartReport] {
        guard await start() != nil else { throw EvaluatorError(reason: refusal) }
        return reports
    }

    func performNext(of queue: EvaluationQueue) async -> (key: LeaseKey, result: WireJobResult)? {
        // Whoever has the job that is evaluated asks again.
        guard !isBusy else { return nil }
        isBusy = true
        defer { isBusy = false }
        // The queue may change while a process starts.
        while let tenant = queue.nextTenant, !isStopped {
            guard let evaluator = await evaluator(of: tenant) else { continue }
            guard queue.nextTenant == tenant else { continue }
            guard let run = queue.beginNext(measuredBy: evaluator.clock) else { return nil }
            var result = await evaluate(run, in: evaluator)
            result.statistics.cpuNs = queue.finish(resultBytes: result.bytes)
            return (run.key, result)
        }
        return nil
    }

    private func evaluate(_ run: AssignedJob, in evaluator: EvaluatorHandle) async -> WireJobResult {
        evaluator.state = .evaluating
        evaluator.hasNewPrograms = true
        evaluator.frameLimit = Self.resultLimit(run.assignment.limits)
        if run.uploads.windowBytes > 0 {
            run.uploads.relay { [weak self] reply in
                self?.assumeIsolated { $0.relay(reply, of: run.key) }
            }
        }
        let job = EvaluatorJob(
            windowBytes: run.uploads.windowBytes, segmentBytes: run.segmentBytes, image: run.prepared?.described,
            assignment: run.assignment)
        var result = await withCheckedContinuation { continuation in
            current = Current(run: run, evaluator: evaluator, continuation: continuation)
            evaluator.send(.job, job.encoded)
            if run.cancellation.isCancelled { evaluator.sendControl(.cancel, run.key.frameBytes) }
        }
        evaluator.usedAt = MonotonicClock.now()
        // What an evaluator says of the coordinator's own business does not count.
        result.preparedIdentity = run.assignment.preparedIdentity
        return result
    }

    /// The most bytes of a result's frame.
    private static func resultLimit(_ limits: WireLimits) -> Int {
        let value =
            limits.resultBytes == 0 ? largestResult : Int(clamping: min(limits.resultBytes, UInt64(largestResult)))
        return value + ProtocolLimits.resultTextBytes + ProtocolLimits.frameBytes
    }

    private static let largestResult = 1 << 30

    private func relay(_ reply: WireUploadReply, of key: LeaseKey) {
        guard let current, current.run.key == key else { return }
        current.evaluator.sendControl(.uploadReply, reply.encoded())
    }

    /// Cancels a job, if it is the current one. Called on the executor.
    nonisolated func cancel(_ key: LeaseKey) {
        assumeIsolated { pool in
            guard let current = pool.current, current.run.key == key else { return }
            current.evaluator.sendControl(.cancel, key.frameBytes)
        }
    }

    /// Has compiled programs saved by the processes that do not evaluate.
    func storePrograms() {
        guard settings.programCacheDirectory != nil, !isBusy else { return }
        for evaluator in evaluators.values where evaluator.state == .idle && evaluator.hasNewPrograms {
            evaluator.hasNewPrograms = false
            evaluator.send(.storePrograms)
        }
    }

    /// Ends all processes. Called on the executor.
    nonisolated func stop() { assumeIsolated { $0.stopAll() } }

    private func stopAll() {
        isStopped = true
        for evaluator in evaluators.values { evaluator.end() }
        evaluators = [:]
        for start in starts.values { start.resume(returning: false) }
        starts = [:]
        // The job's lease ends with the connection.
        current?.continuation.resume(returning: WorkerStateMachine.cancelledResult)
        current = nil
    }
}

/// Choosing, starting and losing processes.
extension EvaluatorPool {
    /// A process for the jobs of a tenant, in which nothing of another one has been; nil if none could be started this
    /// time.
    private func evaluator(of tenant: String) async -> EvaluatorHandle? {
        if let known = evaluators.values.first(where: { $0.tenant == tenant && $0.state == .idle }) { return known }
        let chosen: EvaluatorHandle
        if let free = evaluators.values.first(where: { $0.tenant == nil && $0.state == .idle }) {
            chosen = free
        } else {
            guard let started = await start() else { return nil }
            chosen = started
        }
        chosen.tenant = tenant
        chosen.usedAt = MonotonicClock.now()
        makeRoom(keeping: chosen)
        Task { await self.keepOneReady() }
        return chosen
    }

    private func makeRoom(keeping kept: EvaluatorHandle) {
        let others = evaluators.values.filter { $0 !== kept && $0.tenant != nil }.sorted { $0.usedAt < $1.usedAt }
        for evaluator in others.prefix(max(0, others.count + 1 - max(1, launch.tenants))) {
            evaluators[evaluator.process] = nil
            evaluator.end()
        }
    }

    private func keepOneReady() async {
        guard !isStopped, evaluators.values.allSatisfy({ $0.tenant != nil && $0.state != .starting }) else { return }
        _ = await start()
    }

    /// Starts a process, and waits until it has entered its sandbox.
    private func start() async -> EvaluatorHandle? {
        guard !isStopped, let settings = try? JSONEncoder().encode(settings),
            let evaluator = EvaluatorHandle(launch, environment: environment)
        else {
            refusal = "an evaluating process cannot be started: \(unsafe String(cString: strerror(errno)))"
            await pause()
            return nil
        }
        let process = evaluator.process
        evaluators[process] = evaluator
        evaluator.register(on: executor) { [weak self] in self?.assumeIsolated { $0.readable(process) } }
        evaluator.send(.settings, Array(settings))
        guard await withCheckedContinuation({ starts[process] = $0 }) else {
            if !isStopped { await pause() }
            return nil
        }
        return evaluator
    }

    /// Waits before a process is started again that could not be.
    private func pause() async {
        log.error("an evaluating process does not start", metadata: ["reason": "\(refusal)"])
        await withCheckedContinuation { continuation in
            executor.schedule(at: MonotonicClock.now() &+ 1_000_000_000) { continuation.resume() }
        }
    }

    /// The environment of an evaluator. What the operator has set for other programs is not for jobs, unless it is
    /// needed to download.
    private var environment: [String] {
        let all = ChildProcess.environment(adding: ["\(EvaluatorProcess.variable)=1"])
        guard settings.downloadDirectory == nil else { return all }
        return all.filter { entry in Self.inherited.contains { entry.hasPrefix($0) } }
    }

    private static let inherited = [
        "\(EvaluatorProcess.variable)=", "\(SupervisedProcess.supervisorVariable)=", "NIX_STORE_DIR=", "LANG=",
        "LC_ALL=",
    ]

    private func readable(_ process: pid_t) {
        guard let evaluator = evaluators[process] else { return }
        switch evaluator.receive() {
        case .frames(let frames):
            for (kind, body) in frames {
                guard evaluator.state != .ended else { return }
                guard take(kind, body, from: evaluator) else { return distrust(evaluator) }
            }
        case .ended: hasGone(evaluator)
        case .malformed: distrust(evaluator)
        }
    }

    /// Takes a frame.
    ///
    /// - Returns: false if an evaluator that works does not send it.
    private func take(_ kind: EvaluatorFrame.Kind, _ body: [UInt8], from evaluator: EvaluatorHandle) -> Bool {
        switch kind {
        case .ready:
            guard evaluator.state == .starting,
                let reports = try? JSONDecoder().decode([PartReport].self, from: Data(body))
            else { return false }
            self.reports = reports
            evaluator.state = .idle
            starts.removeValue(forKey: evaluator.process)?.resume(returning: true)
            return true
        case .refused:
            guard evaluator.state == .starting else { return false }
            refusal = String(decoding: body.prefix(1_000), as: UTF8.self)
            return true
        case .result, .trace, .upload:
            guard evaluator.state == .evaluating, let current, current.evaluator === evaluator else { return false }
            return take(kind, body, of: current)
        default: return false
        }
    }

    private func take(_ kind: EvaluatorFrame.Kind, _ body: [UInt8], of current: Current) -> Bool {
        let key = current.run.key
        switch kind {
        case .trace:
            guard body.count <= EvaluatorHandle.smallFrameBytes, let segment = try? WireTraceSegment(encoded: body),
                segment.job == key.job, segment.attempt == key.attempt
            else { return false }
            // Without room the segment is lost, and the coordinator sees that by its number.
            _ = current.run.traces.add(Envelope(TraceMessage.segment(segment)).frames())
            return true
        case .upload:
            guard body.count <= EvaluatorHandle.smallFrameBytes, let upload = try? WireUpload(encoded: body),
                upload.job == key.job, upload.attempt == key.attempt
            else { return false }
            return current.run.uploads.relay(upload)
        default:
            guard let result = try? WireJobResult(encoded: body) else { return false }
            self.current = nil
            current.evaluator.state = .idle
            current.evaluator.frameLimit = EvaluatorHandle.smallFrameBytes
            current.continuation.resume(returning: result)
            return true
        }
    }

    /// Ends a process that sends what no evaluator sends.
    private func distrust(_ evaluator: EvaluatorHandle) {
        log.error("an evaluating process sent what it may not", metadata: ["process": "\(evaluator.process)"])
        let wasEvaluating = evaluator.state == .evaluating
        evaluators[evaluator.process] = nil
        evaluator.end()
        lost(evaluator, wasEvaluating: wasEvaluating, status: SIGKILL)
    }

    /// Finds out how a process ended that has closed its sockets. The kernel closes them a moment before it says that.
    private func hasGone(_ evaluator: EvaluatorHandle) {
        evaluators[evaluator.process] = nil
        ending[evaluator.process] = Ending(evaluator: evaluator, wasEvaluating: evaluator.state == .evaluating)
        evaluator.state = .ended
        evaluator.close()
        awaitEnd(of: evaluator.process, until: MonotonicClock.now() &+ 2_000_000_000)
    }

    private func awaitEnd(of process: pid_t, until deadline: UInt64) {
        guard let (evaluator, wasEvaluating) = ending[process].map({ ($0.evaluator, $0.wasEvaluating) }) else { return }
        let now = MonotonicClock.now()
        if let status = evaluator.endStatus() {
            ending[process] = nil
            return lost(evaluator, wasEvaluating: wasEvaluating, status: status)
        }
        guard now < deadline else {
            ending[process] = nil
            evaluator.end()
            return lost(evaluator, wasEvaluating: wasEvaluating, status: SIGKILL)
        }
        executor.schedule(at: now &+ 1_000_000) { [weak self] in
            self?.assumeIsolated { $0.awaitEnd(of: process, until: deadline) }
        }
    }

    private func lost(_ evaluator: EvaluatorHandle, wasEvaluating: Bool, status: Int32) {
        let reason = ChildProcess.reason(status)
        if refusal.isEmpty { refusal = "an evaluating process ended with \(reason)" }
        if let start = starts.removeValue(forKey: evaluator.process) { return start.resume(returning: false) }
        log.error(
            "an evaluating process ended",
            metadata: ["process": "\(evaluator.process)", "reason": "\(reason)", "evaluated": "\(wasEvaluating)"])
        if wasEvaluating { ChildProcess.endAlike(status) }
    }
}

/// No evaluating process can be started.
struct EvaluatorError: Error, CustomStringConvertible {
    let reason: String

    var description: String { "the worker cannot evaluate: \(reason)" }
}

extension PreparedStart {
    /// What an evaluating process is told of the image.
    fileprivate var described: EvaluatorJob.Image {
        EvaluatorJob.Image(set: index, identity: image.identity, path: image.path, file: image.heap.fileIdentity)
    }
}
