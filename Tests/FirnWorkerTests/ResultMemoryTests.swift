import FirnProtocol
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Testing
import ZeroMQ

@testable import FirnWorker

/// The results that a worker keeps, observed through the memory of their values.
@Suite struct ResultMemoryTests {
    /// An evaluator whose values have as many bytes as the source says, and report when their memory is freed. The
    /// source `wait` ends when the test says so.
    private actor ScriptedEvaluator: JobEvaluator {
        private(set) var begun: [UInt64] = []
        nonisolated let freed = Freed()
        private var waiter: CheckedContinuation<Void, Never>?

        func performNext(of queue: EvaluationQueue) async -> (key: LeaseKey, result: WireJobResult)? {
            guard let run = queue.beginNext() else { return nil }
            begun.append(run.key.job)
            let source = (try? WireJobSpecification(encoded: run.assignment.specification))?.source.text ?? Data()
            let text = String(decoding: source, as: UTF8.self)
            if text == "wait" { await withCheckedContinuation { waiter = $0 } }
            let value = freed.value(run.key.job, bytes: Int(text) ?? 1)
            let result = WireJobResult.with {
                $0.outcome = .ok
                $0.value = value
            }
            _ = queue.finish(resultBytes: result.bytes)
            return (run.key, result)
        }

        func storePrograms() async {}

        func goOn() {
            waiter?.resume()
            waiter = nil
        }
    }

    /// The jobs whose values were freed.
    private final class Freed: Sendable {
        private let content = Mutex<Set<UInt64>>([])
        var jobs: Set<UInt64> { content.withLock { $0 } }

        func value(_ job: UInt64, bytes: Int) -> Data {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 1)
            unsafe memory.initializeMemory(as: UInt8.self, repeating: 120, count: bytes)
            return unsafe Data(
                bytesNoCopy: memory, count: bytes,
                deallocator: .custom { memory, _ in
                    unsafe memory.deallocate()
                    self.content.withLock { _ = $0.insert(job) }
                })
        }
    }

    private func withWorker(
        uncommittedBytes: Int, _ body: (TestCoordinator, ScriptedEvaluator) async throws -> Void
    ) async throws {
        let coordinator = try TestCoordinator(context: Context())
        try await coordinator.start()
        var configuration = WorkerConfiguration(name: "w1", endpoint: await coordinator.endpoint)
        // On a busy computer a short job may take long, and nobody here would take the jobs that the worker returned.
        configuration.longJobMilliseconds = .max
        configuration.drainMilliseconds = 0
        configuration.uncommittedBytes = uncommittedBytes
        let evaluator = ScriptedEvaluator()
        let log = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let worker = try WorkerService(configuration, evaluator: evaluator, logger: log)
        let group = ServiceGroup(services: [worker], logger: log)
        let serving = Task { try await group.run() }
        _ = await coordinator.next(.credit)
        try await body(coordinator, evaluator)
        await group.triggerGracefulShutdown()
        try await serving.value
    }

    private func job(_ text: String) -> WireJobSpecification { .with { $0.source.text = Data(text.utf8) } }

    private func commit(_ jobs: [UInt64], _ coordinator: TestCoordinator) async throws {
        try await coordinator.send(
            .resultsCommitted(.with { $0.leases = jobs.map { LeaseKey(job: $0, attempt: 1).wire() } }))
    }

    @Test func aResultIsGoneWhenItIsCommittedThoughTheNextJobTakesLong() async throws {
        try await withWorker(uncommittedBytes: 64 << 20) { coordinator, evaluator in
            try await coordinator.dispatch([(1, job("900")), (2, job("100000")), (3, job("wait"))])
            _ = await coordinator.results(2)
            #expect(evaluator.freed.jobs.isEmpty, "what is not committed may have to be sent again")
            try await commit([1, 2], coordinator)
            let deadline = ContinuousClock.now + .seconds(30)
            while evaluator.freed.jobs != [1, 2], ContinuousClock.now < deadline { await Task.yield() }
            #expect(evaluator.freed.jobs == [1, 2])
            #expect(await evaluator.begun == [1, 2, 3], "the third has begun, and goes on")
            await evaluator.goOn()
            _ = await coordinator.results(1)
            try await commit([3], coordinator)
        }
    }

    @Test func noJobBeginsWhileTooMuchWaitsToBeCommitted() async throws {
        try await withWorker(uncommittedBytes: 10_000) { coordinator, evaluator in
            try await coordinator.dispatch((1...3).map { ($0, job("6000")) })
            _ = await coordinator.results(2)
            for _ in 0..<5 { _ = await coordinator.next(.heartbeat) }
            // The second result exceeds the bound. Jobs behind the third one would be returned, because they would wait
            // for long.
            #expect(await evaluator.begun == [1, 2])
            try await commit([1, 2], coordinator)
            _ = await coordinator.results(1)
            #expect(await evaluator.begun == [1, 2, 3])
            try await commit([3], coordinator)
        }
    }
}
