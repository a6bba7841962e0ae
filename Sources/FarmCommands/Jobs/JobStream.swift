import ArgumentParser
import FirnClient
import FirnCommands
import FirnProtocol
import FoundationEssentials
import Platform

/// Submits the jobs of a file while it is read, in batches, with a bounded number of unfinished jobs.
///
/// There are as many concurrent tasks as batches fit into that bound. Each one takes a batch, submits it, waits for its
/// outcomes, and takes the next. A task whose batch finds the queue full waits for as long as the coordinator says.
struct JobStream: Sendable {
    private let client: FirnClient
    private let template: WireJobSpecification
    private let stream: StreamArguments
    private let waits: Bool
    private let json: Bool
    private let showTrace: Bool
    private let tally: JobTally
    /// Writes the store objects of the jobs; nil to leave them.
    private let receiver: ClosureReceiver?
    private let takesStandardOutput: Bool

    private struct Pending {
        let line: Int
        var job: WireJobSpecification
    }

    /// - Throws: `CommandFailure` if the file of an argument cannot be read.
    init(_ command: SubmitCommand, client: FirnClient, receiver: ClosureReceiver?) throws {
        var template = try command.template()
        self.receiver = receiver
        takesStandardOutput = command.store.takesStandardOutput
        template.roots = command.source.wireRoots
        template.attribute = command.options.attributes.first ?? ""
        self.template = template
        self.client = client
        stream = command.stream
        waits = command.wait
        json = command.json
        showTrace = command.showTrace
        tally = JobTally(showsProgress: !command.json)
    }

    /// Runs until the file has ended and every job is answered.
    ///
    /// - Throws: `ExitCode` 1 if a job was refused or, with `--wait`, had another outcome than ok.
    func run(_ file: String) async throws {
        let reader = try LineReader(path: file)
        let started = MonotonicClock.now()
        let end = stream.duration.map { started &+ UInt64($0 * 1e9) }
        let tasks = max(1, stream.inFlight / stream.batch)
        try await ConnectionArguments.reporting {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<tasks { group.addTask { try await submitBatches(reader, until: end) } }
                try await group.waitForAll()
            }
        }
        let allOK = tally.report(seconds: Double(MonotonicClock.now() - started) / 1e9)
        if !allOK { throw ExitCode(1) }
    }

    private func submitBatches(_ reader: LineReader, until end: UInt64?) async throws {
        let decoder = JSONDecoder()
        while end.map({ MonotonicClock.now() < $0 }) ?? true {
            let lines = try await reader.next(min(stream.batch, stream.inFlight))
            if lines.isEmpty { return }
            var pending = try lines.map { line in
                Pending(line: line.number, job: try JobLine.job(line, template: template, decoder: decoder))
            }
            while !pending.isEmpty {
                let (refused, wait) = try await submit(pending)
                pending = refused
                if !pending.isEmpty { try await Task.sleep(for: max(.milliseconds(1), wait)) }
            }
        }
    }

    /// Submits a batch and, with `--wait`, follows it to its end.
    ///
    /// - Returns: the jobs that found the queue full, and how long to wait before they are submitted again.
    private func submit(_ jobs: [Pending]) async throws -> (refused: [Pending], wait: Duration) {
        let start = MonotonicClock.now()
        let receipts: [Receipt]
        var updates: AsyncThrowingStream<WireJobStatus, any Error>?
        if waits {
            (receipts, updates) = try await client.submitAndWatch(jobs.map(\.job))
        } else {
            receipts = try await client.submit(jobs.map(\.job))
        }
        var answers = Answers()
        for (pending, receipt) in zip(jobs, receipts) { take(receipt, to: pending, &answers) }
        if let updates {
            try await follow(updates, answers.lines, since: start, &answers.output)
        } else {
            tally.count(answers.lines.count)
        }
        write(answers.output)
        return (answers.refused, answers.wait)
    }

    /// What the receipts of a batch say.
    private struct Answers {
        /// The lines of the accepted jobs, by the jobs' ids.
        var lines: [UInt64: Int] = [:]
        /// The jobs that found the queue full.
        var refused: [Pending] = []
        var wait = Duration.zero
        var output: [UInt8] = []
    }

    private func take(_ receipt: Receipt, to pending: Pending, _ answers: inout Answers) {
        let line = ("line", JSONValue.number(Int64(pending.line)))
        switch receipt {
        case .accepted(let job, _):
            answers.lines[job] = pending.line
            if !waits { append(.object([line, ("job", .unsigned(job))]), &answers.output) }
        case .refused(.refused(.queueFull, _, let wait)):
            answers.refused.append(pending)
            answers.wait = max(answers.wait, wait)
        case .refused(let error):
            if json {
                append(.object([line, ("refused", .string("\(error)"))]), &answers.output)
            } else {
                tally.note("error: line \(pending.line): \(error)")
            }
            tally.count(isOK: false)
        }
    }

    private func follow(
        _ updates: AsyncThrowingStream<WireJobStatus, any Error>, _ lines: [UInt64: Int], since start: UInt64,
        _ output: inout [UInt8]
    ) async throws {
        for try await var status in updates where status.state == .finished {
            let microseconds = (MonotonicClock.now() - start) / 1_000
            if UInt64(status.result.value.count) < status.result.valueBytes {
                try await client.complete(&status.result, of: status.job)
            }
            try await receiver?.receive(status)
            tally.count(isOK: status.result.outcome == .ok)
            let members: [(String, JSONValue)] = [
                ("line", .number(Int64(lines[status.job] ?? 0))), ("job", .unsigned(status.job)),
                ("outcome", .string(StatusReport.name(status.result.outcome))), ("latencyUs", .unsigned(microseconds)),
            ]
            append(.object(members + ResultReport.members(status.result)), &output, status.result)
            if output.count > 1 << 16 {
                write(output)
                output = []
            }
        }
    }

    private func write(_ output: [UInt8]) {
        if takesStandardOutput {
            Output.message(output)
        } else if json {
            Output.write(1, output)
        } else {
            Output.text(output)
        }
    }

    private func append(_ value: JSONValue, _ output: inout [UInt8], _ result: WireJobResult? = nil) {
        if !json, let result {
            Output.message(ResultReport.notes(result, showTrace: showTrace))
            guard result.outcome == .ok else { return }
            output += result.value
        } else {
            value.write(to: &output)
        }
        output.append(UInt8(ascii: "\n"))
    }
}
