import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol
import NixStore
import Platform

/// Walks over a package set with as many concurrent jobs as there are workers, each with a batch of the attributes.
actor EvalJobsRun {
    /// What is wanted of a run.
    struct Options {
        var workers: Int
        var budget: MemoryBudget
        /// Whether the first error of an attribute ends the run.
        var failsOnError = false
        /// Whether a line with the counts of the run follows those of the jobs.
        var summary = false
        var logFormat: BuildArguments.LogFormat?
    }

    private let client: FirnClient
    private let template: WireJobSpecification
    private let options: Options
    private let receiver: JobReceiver
    /// Nil if no store is written.
    private let closures: JobClosures?
    private var queue: AttributeQueue
    private var estimate: RunEstimate
    private var output: RunOutput
    /// Nil if aggregates are not rewritten.
    private var aggregates: AggregateRewriting?
    private var aggregateStats: [String: WalkLine.Stats] = [:]
    private var hasFailed = false
    private var runningJobs: Set<UInt64> = []
    /// Tasks that found no batch while others work: the others may discover further attributes.
    private var idleTasks: [CheckedContinuation<Void, Never>] = []

    /// Lines of one job, in bytes. It bounds what a worker and the command hold of a job's result.
    static let resultBytes = 16 << 20
    /// Lines of a job beside which no other runs.
    static let loneResultBytes = 256 << 20

    /// - Parameters:
    ///   - template: a job without the paths of its walk.
    ///   - receiver: makes lines ready to be printed.
    ///   - closures: writes derivations to a store; nil for none.
    init(
        _ template: WireJobSpecification, client: FirnClient, options: Options, receiver: JobReceiver,
        closures: JobClosures? = nil
    ) {
        self.closures = closures
        self.client = client
        self.template = template
        self.options = options
        self.receiver = receiver
        queue = AttributeQueue(workers: options.workers)
        estimate = RunEstimate(begin: MonotonicClock.now())
        output = RunOutput(format: options.logFormat)
        aggregates = template.walk.constituents ? AggregateRewriting() : nil
    }

    /// Prints a line for each derivation and each error, in the order in which they arrive.
    ///
    /// - Throws: `CommandFailure` if the walk cannot continue because the file itself or the farm failed; `ExitCode` if
    ///   the reason has been printed.
    func run() async throws {
        let ticker = Task { await self.showProgress() }
        defer {
            ticker.cancel()
            output.clear()
        }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<options.workers { group.addTask { try await self.evaluateBatches() } }
                try await group.waitForAll()
            }
            try await finishAggregates()
            try await closures?.finish()
        } catch {
            await closures?.abandon()
            output.note("incomplete: \(counts)", .error)
            _ = try? await client.cancel(Array(runningJobs), reason: "firn eval-jobs ended")
            throw error
        }
        if options.summary { output.lines([summary.text]) }
        output.note("complete: \(counts)")
    }

    private var counts: String {
        "\(queue.derivations) derivations, \(queue.errors) errors, \(queue.visited) attributes visited"
    }

    private var summary: JSONValue {
        .object([
            (
                "summary",
                .object([
                    ("derivations", .number(Int64(queue.derivations))), ("errors", .number(Int64(queue.errors))),
                    ("attributes", .number(Int64(queue.visited))),
                ])
            )
        ])
    }

    /// Shows the progress every second, because results come rarely.
    private func showProgress() async {
        while !Task.isCancelled {
            output.show(estimate.text(queue, now: MonotonicClock.now()))
            try? await Task.sleep(for: .seconds(1))
        }
    }

    private func evaluateBatches() async throws {
        defer { wake() }
        do {
            while !queue.isFinished, !hasFailed {
                if let batch = queue.nextBatch() {
                    try await evaluate(batch)
                    wake()
                } else {
                    await withCheckedContinuation { idleTasks.append($0) }
                }
            }
        } catch {
            hasFailed = true
            throw error
        }
    }

    private func wake() {
        let woken = idleTasks
        idleTasks = []
        for task in woken { task.resume() }
    }

    private func evaluate(_ batch: AttributeQueue.Batch) async throws {
        var job = template
        job.walk.paths = batch.paths.map { path in .with { $0.names = path.map { .init($0.utf8) } } }
        let budget = options.budget
        job.limits.memoryBytes = UInt64(batch.isAlone ? budget.ofLoneJob : budget.ofJob)
        job.limits.resultBytes = UInt64(batch.isAlone ? Self.loneResultBytes : Self.resultBytes)
        var status = try await finished(job)
        try await client.complete(&status.result, of: status.job)
        guard !hasFailed else { return }
        // Whoever reads a line finds its derivation in the store.
        try await closures?.receive(status)
        try await record(status.result, batch)
        output.show(estimate.text(queue, now: MonotonicClock.now()))
    }

    /// Submits a job and waits until it has finished.
    private func finished(_ job: WireJobSpecification) async throws -> WireJobStatus {
        let (receipts, updates) = try await client.submitAndWatch([job])
        switch receipts.first {
        case .refused(let error)?:
            throw CommandFailure("the farm refuses the job: \(error)", exitCode: EvalJobsCommand.farmExitCode)
        case .accepted(let number, _)?: runningJobs.insert(number)
        case nil: break
        }
        for try await status in updates where status.state == .finished {
            runningJobs.remove(status.job)
            return status
        }
        throw CommandFailure("the farm lost sight of the job", exitCode: EvalJobsCommand.farmExitCode)
    }

    private func record(_ result: WireJobResult, _ batch: AttributeQueue.Batch) async throws {
        let message = String(decoding: result.failure.message, as: UTF8.self)
        switch result.outcome {
        case .ok:
            let texts = String(decoding: result.value, as: UTF8.self).split(separator: "\n")
            let lines = try zip(batch.paths, texts).map { path, text in try WalkLine(text, path: path) }
            let printed = try queue.finish(batch, lines: lines)
            printNotes(result)
            for line in lines {
                estimate.note(line)
                output.messages(of: line)
            }
            try await receive(printed)
        case .memoryExceeded, .resultTooLarge:
            if let line = queue.exceedMemory(batch, message) { try await fail(line, message, batch) }
        case .fuelExhausted, .depthExceeded, .deadlineExceeded:
            try await fail(queue.fail(batch, message), message, batch)
        case .quarantined: if let line = queue.split(batch, message) { try await fail(line, message, batch) }
        default: throw failure(result, message)
        }
    }

    /// Takes the error of an attribute that ended its job.
    private func fail(_ line: WalkLine, _ message: String, _ batch: AttributeQueue.Batch) async throws {
        if batch.paths.first == [] { throw CommandFailure("the top of the package set: \(message)") }
        try await receive([line])
    }

    /// Prints what belongs to no attribute: what was printed before the first one.
    private func printNotes(_ result: WireJobResult) {
        let notes = ResultReport.notes(result, showTrace: false)
        guard !notes.isEmpty else { return }
        let text = String(decoding: notes, as: UTF8.self)
        output.note(text.hasSuffix("\n") ? String(text.dropLast()) : text, .warning)
    }

    /// The failure of a job that has evaluated no attribute.
    private func failure(_ result: WireJobResult, _ message: String) -> any Error {
        let notes = ResultReport.notes(result, showTrace: template.walk.showTrace)
        guard !notes.isEmpty else {
            let code = result.outcome == .unavailable ? EvalJobsCommand.farmExitCode : 1
            return CommandFailure("the job ended with \(result.outcome): \(message)", exitCode: code)
        }
        output.clear()
        Output.message(notes)
        if case .source = template.program, !template.hasDirectory,
            message.contains("'\(String(decoding: RootedIO.bundlePath, as: UTF8.self))/")
        {
            output.note(
                "FILE lies in no root and was sent alone: --root NAME=DIRECTORY gives it what lies beside it", .warning)
        }
        return ExitCode(result.outcome == .unavailable ? EvalJobsCommand.farmExitCode : 1)
    }

    /// Prints lines, or holds those of aggregates back.
    private func receive(_ lines: [WalkLine]) async throws {
        var ready: [WalkLine] = []
        for line in lines {
            if try aggregates?.take(line) == true {
                aggregateStats[line.attribute] = line.details.stats
            } else {
                ready.append(line)
            }
        }
        let failed = options.failsOnError ? ready.firstIndex { $0.details.kind == .error } : nil
        if let failed { ready.removeSubrange((failed + 1)...) }
        try await closures?.link(ready)
        let texts = try await receiver.texts(of: ready)
        output.lines(texts)
        if failed != nil, let attribute = ready.last?.attribute {
            throw CommandFailure("--fail-on-error: the attribute '\(attribute)' cannot be evaluated")
        }
    }

    private func finishAggregates() async throws {
        guard var rewriting = aggregates else { return }
        var notes: [String] = []
        let rewritten = try rewriting.finish { notes.append($0) }
        for note in notes { output.note("error: \(note)", .error) }
        var isBroken = false
        for aggregate in rewritten {
            try await closures?.write(aggregate)
            let attribute = aggregate.line["attr"]?.string ?? ""
            let text = try await receiver.text(of: aggregate, aggregateStats[attribute])
            output.lines([text])
            if aggregate.line["error"] != nil {
                queue.countBrokenAggregate()
                isBroken = true
            }
        }
        if isBroken, options.failsOnError { throw CommandFailure("--fail-on-error: an aggregate cannot be made") }
    }
}
