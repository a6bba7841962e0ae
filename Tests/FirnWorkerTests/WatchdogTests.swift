import FirnProtocol
import Foundation
import Logging
import ServiceLifecycle
import Testing
import ZeroMQ

@testable import FirnWorker

/// Worker processes that do not stop, and how their supervisor reacts.
@Suite struct WatchdogTests {
    /// A worker whose evaluator ignores its cancellation flag; the executable is beside this test bundle.
    private static let stubbornWorker: String = {
        let bundle = URL(filePath: CommandLine.arguments.first ?? ".").standardizedFileURL
        return bundle.deletingLastPathComponent().appending(path: "stubborn-worker").path
    }()

    /// Runs a supervisor of one such worker. The test plays the coordinator.
    private func supervise(
        graceMilliseconds: UInt64, _ body: (TestCoordinator) async throws -> Void
    ) async throws {
        let coordinator = try TestCoordinator(context: Context())
        try await coordinator.start()
        let endpoint = await coordinator.endpoint
        var configuration = WorkerSupervisor.Configuration(
            processes: 1, executable: Self.stubbornWorker
        ) { _ in [endpoint, "stubborn"] }
        configuration.cancelGrace = .milliseconds(Int64(graceMilliseconds))
        configuration.restartDelay = .milliseconds(1)
        // The body ends when it has seen what it waits for, so nothing needs to be drained.
        configuration.drainTimeout = .zero
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let supervisor = try WorkerSupervisor(configuration, logger: logger)
        let group = ServiceGroup(services: [supervisor], logger: logger)
        let serving = Task { try await group.run() }
        try await body(coordinator)
        await group.triggerGracefulShutdown()
        try await serving.value
    }

    private func hello(_ coordinator: TestCoordinator) async -> WireWorkerHello {
        guard case .hello(let hello) = await coordinator.next(.workerHello) else { return WireWorkerHello() }
        return hello
    }

    private func job(_ text: String) -> WireJobSpecification { .with { $0.source.text = Data(text.utf8) } }

    @Test func anEvaluationPastItsDeadlineCostsItsProcessAndIsNamed() async throws {
        try await supervise(graceMilliseconds: 100) { coordinator in
            let first = await hello(coordinator)
            #expect(!first.hasPredecessor)
            try await coordinator.dispatch([(7, job("stubborn"))], limits: .with { $0.timeoutMs = 50 })
            let second = await hello(coordinator)
            #expect(second.name == first.name && second.instance != first.instance && second.process != first.process)
            #expect(second.predecessor.instance == first.instance)
            #expect(second.predecessor.evaluating.job == 7 && second.predecessor.evaluating.attempt == 1)
            #expect(second.predecessor.cause.hasPrefix("the evaluation did not stop within 100 ms"))
            // The new process takes jobs at once.
            try await coordinator.dispatch([(8, job("next"))])
            #expect(await coordinator.results(1)[8]?.value == Data("next".utf8))
        }
    }

    @Test func anEvaluationThatIgnoresItsCancellationCostsItsProcess() async throws {
        try await supervise(graceMilliseconds: 100) { coordinator in
            _ = await hello(coordinator)
            let sign = NSTemporaryDirectory() + "firn-begun-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: sign) }
            try await coordinator.dispatch([(7, job("stubborn \(sign)"))])
            // Before it has begun, the job would only be withdrawn.
            while !FileManager.default.fileExists(atPath: sign) { _ = await coordinator.next(.heartbeat) }
            try await coordinator.send(.cancelAttempts(.with { $0.leases = [LeaseKey(job: 7, attempt: 1).wire()] }))
            #expect(await hello(coordinator).predecessor.evaluating.job == 7)
        }
    }

    /// Whatever ends a process, its successor reports at once what it was evaluating.
    @Test func aCrashIsBlamedOnTheJobThatWasEvaluated() async throws {
        try await supervise(graceMilliseconds: 60_000) { coordinator in
            let first = await hello(coordinator)
            try await coordinator.dispatch([(1, job("one")), (2, job("crash")), (3, job("three"))])
            let second = await hello(coordinator)
            #expect(second.predecessor.instance == first.instance)
            #expect(second.predecessor.evaluating.job == 2)
            #expect(second.predecessor.cause == "the worker process ended with signal 9")
        }
    }

    @Test func aProcessThatEvaluatesNothingIsNoReasonToBlameAJob() async throws {
        try await supervise(graceMilliseconds: 60_000) { coordinator in
            let first = await hello(coordinator)
            try await coordinator.dispatch([(1, job("one"))])
            _ = await coordinator.results(1)
            kill(pid_t(first.process), SIGKILL)
            let second = await hello(coordinator)
            #expect(second.predecessor.instance == first.instance && !second.predecessor.hasEvaluating)
        }
    }

    @Test func statusIsReadByWhoMapsTheSameMemory() throws {
        let memory = try #require(ProcessStatus.makeMemory())
        defer { close(memory) }
        let worker = try #require(ProcessStatus(descriptor: memory))
        let supervisor = try #require(ProcessStatus(descriptor: memory))
        #expect(supervisor.evaluation == nil && supervisor.instance == nil)
        let key = LeaseKey(job: .max, attempt: .max)
        worker.began(key, deadline: 500)
        #expect(supervisor.evaluation == ProcessStatus.Evaluation(key: key, stopBy: 500))
        // A cancellation of another attempt.
        worker.cancelled(LeaseKey(job: .max, attempt: 1), at: 200)
        #expect(supervisor.evaluation?.stopBy == 500)
        worker.cancelled(key, at: 300)
        // A second cancellation does not extend the time.
        worker.cancelled(key, at: 400)
        #expect(supervisor.evaluation?.stopBy == 300)
        worker.ended()
        #expect(supervisor.evaluation == nil)
        let instance = (0..<16).map { UInt8($0) * 15 }
        worker.welcomed(as: instance)
        #expect(supervisor.instance == instance)
    }

    @Test(arguments: [LeaseKey(job: 12, attempt: 3), nil])
    func aPredecessorIsPassedAsText(_ evaluating: LeaseKey?) {
        let predecessor = Predecessor(
            instance: (0..<16).map { UInt8(255 - $0) }, evaluating: evaluating, cause: "it ended, so to say")
        #expect(Predecessor(text: predecessor.text) == predecessor)
    }

    @Test(arguments: ["", "00 1 1 x", String(repeating: "0", count: 31) + "+ 1 1 x", "zz 1 1"])
    func anythingElseIsNoPredecessor(_ text: String) { #expect(Predecessor(text: text) == nil) }
}
