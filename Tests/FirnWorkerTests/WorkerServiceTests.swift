import FirnProtocol
import Logging
import NixEval
import NixStore
import NixVM
import ServiceLifecycle
import Testing
import ZeroMQ

@testable import FirnWorker

/// A worker's service with real sockets. The tests play the coordinator.
@Suite struct WorkerServiceTests {
    @Test func aJobGoesInAndItsResultComesOut() async throws {
        try await withWorker { (coordinator: TestCoordinator) in
            _ = await coordinator.next(.workerHello)
            _ = await coordinator.next(.credit)
            try await coordinator.dispatch([
                (1, sourceJob("1 + 1")), (2, sourceJob("throw \"no\"")), (3, WireJobSpecification()),
            ])
            let results = await coordinator.results(3)
            #expect(results[1]?.outcome == .ok && results[1].map { [UInt8]($0.value) } == Array("2".utf8))
            #expect(results[2]?.outcome == .evalError && results[2]?.failure.kind == "throw")
            #expect(results[3]?.outcome == .evalError, "a job without a program")
            #expect(results.values.allSatisfy { $0.statistics.cpuNs > 0 }, "failures cost processor time, too")
            try await coordinator.send(
                .resultsCommitted(
                    .with { $0.leases = (UInt64(1)...3).map { LeaseKey(job: $0, attempt: 1).wire() } }))
        }
    }

    @Test func heartbeatsGoOnWhileAJobRunsAndItCanBeCancelled() async throws {
        try await withWorker { (coordinator: TestCoordinator) in
            _ = await coordinator.next(.credit)
            try await coordinator.dispatch([(1, sourceJob("let f = n: f n; in f 0"))])
            let before = await coordinator.beats
            var running = false
            while !running {
                guard case .heartbeat(let heartbeat) = await coordinator.next(.heartbeat) else { continue }
                running = heartbeat.leases.contains { $0.job == 1 && $0.running && $0.cpuNs > 0 }
            }
            while await coordinator.beats < before + 5 { _ = await coordinator.next(.heartbeat) }
            try await coordinator.send(
                .cancelAttempts(.with { $0.leases = [LeaseKey(job: 1, attempt: 1).wire()] }))
            let results = await coordinator.results(1)
            #expect(results[1]?.outcome == .cancelled)
            try await coordinator.send(
                .resultsCommitted(.with { $0.leases = [LeaseKey(job: 1, attempt: 1).wire()] }))
        }
    }

    @Test func aLargeValueComesInSegments() async throws {
        try await withWorker { (coordinator: TestCoordinator) in
            _ = await coordinator.next(.credit)
            try await coordinator.dispatch([
                (7, sourceJob("builtins.concatStringsSep \",\" (builtins.genList toString 1000)"))
            ])
            var value: [UInt8] = []
            let results = await coordinator.results(1)
            let result = try #require(results[7])
            for number in 0..<result.valueSegments {
                guard case .resultSegment(let segment) = await coordinator.next(.resultSegment) else { return }
                #expect(segment.number == number)
                value += segment.bytes
            }
            #expect(value.count == Int(result.valueBytes) && value.count > 3_000)
            try await coordinator.send(
                .resultsCommitted(.with { $0.leases = [LeaseKey(job: 7, attempt: 1).wire()] }))
        }
    }

    @Test(arguments: [WireTraceLevel.calls, .ops])
    func aTraceReadsAsTheSameEvaluationDoesLocally(_ level: WireTraceLevel) async throws {
        let source = "let f = n: if n < 2 then n else f (n - 1) + f (n - 2); in map f [ 1 2 5 ] ++ [ (throw \"x\") ]"
        let coordinator = try await withWorker { coordinator in
            _ = await coordinator.next(.credit)
            var job = sourceJob(source)
            job.strict = true
            job.traceLevel = level
            try await coordinator.dispatch([(1, job)])
            let results = await coordinator.results(1)
            let trace = try #require(results[1]?.trace)
            #expect(trace.segments == 1 && trace.eventsDropped == 0)
            #expect(trace.eventCounts.reduce(0, +) == trace.events && trace.events > 50)
            await coordinator.hearSegments(1)
            try await coordinator.send(.resultsCommitted(.with { $0.leases = [LeaseKey(job: 1, attempt: 1).wire()] }))
        }
        var lines: [String] = []
        for segment in await coordinator.segments {
            #expect(segment.last && segment.number == 0 && segment.droppedBefore == 0)
            for event in try TraceSegmentReader(encoded: segment.events) { lines.append(TraceLine(event).text) }
        }
        #expect(lines == localTrace(source, TraceLevel(level)))
    }

    @Test func aTraceIsBoundedAndSaysWhatItDropped() async throws {
        try await withWorker { coordinator in
            _ = await coordinator.next(.credit)
            var job = sourceJob("let f = n: if n == 0 then 0 else 1 + f (n - 1); in f 100000")
            job.traceLevel = .calls
            try await coordinator.dispatch([(1, job)], limits: .with { $0.traceBytes = 300_000 })
            let results = await coordinator.results(1)
            let trace = try #require(results[1]?.trace)
            #expect(results[1]?.outcome == .ok)
            #expect(trace.bytes <= 300_000 && trace.segments >= 1)
            #expect(trace.eventsDropped > 0)
            #expect(trace.events + trace.eventsDropped == trace.eventCounts.reduce(0, +))
            try await coordinator.send(.resultsCommitted(.with { $0.leases = [LeaseKey(job: 1, attempt: 1).wire()] }))
        }
    }

    @Test func aSilentCoordinatorIsLeftAndGreetedAgainWhileTheJobRuns() async throws {
        try await withWorker { (coordinator: TestCoordinator) in
            _ = await coordinator.next(.workerHello)
            _ = await coordinator.next(.credit)
            try await coordinator.dispatch([(1, sourceJob("let f = n: f n; in f 0"))])
            var running = false
            while !running {
                guard case .heartbeat(let heartbeat) = await coordinator.next(.heartbeat) else { continue }
                running = !heartbeat.leases.isEmpty
            }
            await coordinator.beSilent(true)
            await coordinator.hearLostHello()
            await coordinator.beSilent(false)
            guard case .hello(let again) = await coordinator.next(.workerHello) else { return }
            #expect(again.leases.map(\.job) == [1])
            try await coordinator.send(
                .cancelAttempts(.with { $0.leases = [LeaseKey(job: 1, attempt: 1).wire()] }))
            #expect(await coordinator.results(1)[1]?.outcome == .cancelled)
            try await coordinator.send(
                .resultsCommitted(.with { $0.leases = [LeaseKey(job: 1, attempt: 1).wire()] }))
        }
    }

    @Test func stoppingGivesBackWhatWaitsAndBreaksOffWhatDoesNotEnd() async throws {
        let coordinator = try await withWorker(longJobMilliseconds: 40) { (coordinator: TestCoordinator) in
            _ = await coordinator.next(.credit)
            try await coordinator.dispatch([
                (1, sourceJob("let f = n: f n; in f 0")), (2, sourceJob("2")),
            ])
            guard case .release(let release) = await coordinator.next(.release) else { return }
            #expect(release.leases.map(\.job) == [2], "nothing waits behind a long job")
            // Earlier heartbeats may be read first.
            var held: [UInt64] = []
            while held != [1] {
                guard case .heartbeat(let heartbeat) = await coordinator.next(.heartbeat) else { return }
                held = heartbeat.leases.map(\.job)
            }
        }
        #expect(await coordinator.next(.goodbye).kind == .goodbye)
    }
}

private func sourceJob(_ text: String) -> WireJobSpecification {
    WireJobSpecification.with { $0.source.text = .init(text.utf8) }
}

/// Runs a worker while `body` runs, then tells it to stop and waits for it.
///
/// - Parameter longJobMilliseconds: when the jobs behind the current one are returned. The default is never: on a busy
///   computer a short job may take long, and a test that does not expect a job back would wait for its result for ever.
@discardableResult
private func withWorker(
    longJobMilliseconds: UInt64 = .max, _ body: (TestCoordinator) async throws -> Void
) async throws -> TestCoordinator {
    let coordinator = try TestCoordinator(context: Context())
    try await coordinator.start()
    var configuration = WorkerConfiguration(name: "w1", endpoint: await coordinator.endpoint)
    configuration.longJobMilliseconds = longJobMilliseconds
    configuration.drainMilliseconds = 2_000
    let log = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let worker = try WorkerService(configuration, logger: log)
    let group = ServiceGroup(
        configuration: ServiceGroupConfiguration(
            services: [ServiceGroupConfiguration.ServiceConfiguration(service: worker)], logger: log))
    let serving = Task { try await group.run() }
    try await body(coordinator)
    await group.triggerGracefulShutdown()
    try await serving.value
    return coordinator
}

/// The lines that the command line's observer writes.
private func localTrace(_ source: String, _ level: TraceLevel) -> [String] {
    var text = ""
    _ = BigStack.run {
        guard let io = try? RootedIO(roots: []), let evaluator = Evaluator(io: io, print: { _ in }) else { return }
        let observer = TracingObserver(showsTime: false) { text += $0 }
        evaluator.observe(observer, level: level)
        do throws(EvalFailure) {
            let value = try evaluator.load(
                source: Array(source.utf8), name: "(string)", directory: RootedIO.bundlePath)
            _ = try evaluator.deepForce(evaluator.select(value, path: "", []))
        } catch {
            #expect(error.kind == .thrown)
        }
        observer.flush()
    }
    return text.split(separator: "\n").map(String.init)
}
