import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol
import NixStore

/// Walks over a package set with as many concurrent jobs as there are workers, each with a batch of the attributes.
actor EvalJobsRun {
    private let client: FirnClient
    private let template: WireJobSpecification
    private let workers: Int
    private var queue: AttributeQueue
    private var progress: Progress
    private var hasFailed = false
    /// Tasks that found no batch while others work: the others may discover further attributes.
    private var idleTasks: [CheckedContinuation<Void, Never>] = []

    /// - Parameters:
    ///   - template: a job without the paths of its walk.
    ///   - workers: the number of concurrent jobs.
    init(_ template: WireJobSpecification, client: FirnClient, workers: Int) {
        self.client = client
        self.template = template
        self.workers = max(1, workers)
        queue = AttributeQueue(workers: workers)
        progress = Progress()
    }

    /// Prints a line for each derivation and each error, in the order in which they arrive.
    ///
    /// - Throws: `CommandFailure` if the walk cannot continue because the file itself or the farm failed.
    func run() async throws {
        defer { progress.clear() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<workers { group.addTask { try await self.evaluateBatches() } }
            try await group.waitForAll()
        }
        progress.clear()
        Output.note("\(queue.derivations) derivations, \(queue.errors) errors")
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

    private func evaluate(_ batch: [AttributeQueue.Path]) async throws {
        var job = template
        job.walk.paths = batch.map { path in .with { $0.names = path.map { .init($0.utf8) } } }
        var status = try await finished(job)
        try await client.complete(&status.result, of: status.job)
        try record(status.result, batch)
        progress.show(
            "\(queue.derivations) derivations, \(queue.errors) errors, \(queue.waitingCount) attributes wait, "
                + "\(queue.runningBatches) jobs run")
    }

    /// Submits a job and waits until it has finished.
    private func finished(_ job: WireJobSpecification) async throws -> WireJobStatus {
        let (receipts, updates) = try await client.submitAndWatch([job])
        if case .refused(let error)? = receipts.first { throw CommandFailure("the farm refuses the job: \(error)") }
        for try await status in updates where status.state == .finished { return status }
        throw CommandFailure("the farm lost sight of the job")
    }

    private func record(_ result: WireJobResult, _ batch: [AttributeQueue.Path]) throws {
        let message = String(decoding: result.failure.message, as: UTF8.self)
        switch result.outcome {
        case .ok:
            let lines = String(decoding: result.value, as: UTF8.self).split(separator: "\n")
            let printed = try queue.finish(batch, lines: lines)
            progress.clear()
            Output.message(ResultReport.notes(result, showTrace: false))
            Output.write(1, printed.map { $0 + "\n" }.joined())
        case .memoryExceeded, .fuelExhausted, .depthExceeded, .deadlineExceeded, .resultTooLarge:
            if batch.first == [] { throw CommandFailure("the top of the package set: \(message)") }
            print(queue.fail(batch, message))
        case .quarantined:
            if let line = queue.split(batch, message) { print(line) }
        default:
            let notes = ResultReport.notes(result, showTrace: template.walk.showTrace)
            guard !notes.isEmpty else { throw CommandFailure("the job ended with \(result.outcome): \(message)") }
            progress.clear()
            Output.message(notes)
            if case .source = template.program,
                message.contains("'\(String(decoding: RootedIO.bundlePath, as: UTF8.self))/")
            {
                Output.note(
                    "FILE lies in no root and was sent alone: --root NAME=DIRECTORY gives it what lies beside it")
            }
            throw ExitCode(1)
        }
    }

    private func print(_ line: String) {
        progress.clear()
        Output.write(1, line + "\n")
    }
}
