import NixBytecode
import NixStore
import NixVM
import Platform

/// The evaluation of one job on a machine.
final class JobRun {
    private let job: EvaluationJob
    private let cancellation: Cancellation
    private let trace: EvaluationTrace?
    private let storeWriter: (any StoreWriter)?
    private let begin: UInt64
    private let programs: ProgramCache
    private let disk: DiskCache?
    private var printed = PrintedLines()
    private var compiled: UInt64 = 0
    private var verifications = 0
    private var warnings: [WarningReport] = []

    init(
        _ job: EvaluationJob, cancellation: Cancellation, trace: EvaluationTrace?, storeWriter: (any StoreWriter)?,
        begin: UInt64, programs: ProgramCache,
        disk: DiskCache?
    ) {
        self.job = job
        self.cancellation = cancellation
        self.trace = trace
        self.storeWriter = storeWriter
        self.begin = begin
        self.programs = programs
        self.disk = disk
        printed.maximumBytes = job.limits.printedBytes
    }

    func run(in memory: MachineMemory?) -> EvaluationReport {
        var limits = Limits(fuel: job.limits.fuel, memory: job.limits.memoryBytes, depth: job.limits.depth)
        limits.deadline = job.limits.timeout.map { begin &+ UInt64(clamping: $0.nanoseconds) }
        guard let memory,
            let machine = Machine(
                memory: memory, io: job.io, limits: limits, cancellation: cancellation,
                print: { [unowned self] in printed.add($0) })
        else { return EvaluationReport(.internalError(AddressSpace.failureText)) }
        if !job.searchPath.isEmpty { machine.setSearchPath(job.searchPath) }
        var options = EvaluatorOptions(
            limits: limits, settings: machine.settings, pipeOperators: job.features.contains("pipe-operators"))
        options.delaysLikeNix = job.walk == nil && job.format != .json && !job.isStrict
        let evaluator = Evaluator(machine: machine, options: options, programs: programs, disk: disk)
        let building = openStores(of: evaluator)
        let reached = outcome(evaluator)
        var report = EvaluationReport(putOff(reached, evaluator, building) ?? written(reached, evaluator))
        building?.abandon()
        report.printed = printed.lines
        report.printedBytesDropped = printed.bytesDropped
        report.statistics.fuel = machine.fuelUsed
        report.statistics.memoryPeakBytes = machine.peakBytes
        report.warnings = warnings
        report.statistics.depthPeak = machine.depthPeak
        report.statistics.collections = machine.heapStatistics.collections
        report.statistics.compile = .nanoseconds(Int64(clamping: compiled))
        report.eventCounts = machine.eventCounts
        return report
    }

    /// Ends the writing to the store. A value counts only when everything that it names is written.
    private func written(
        _ outcome: EvaluationReport.Outcome, _ evaluator: Evaluator
    ) -> EvaluationReport.Outcome {
        guard let storeWriter else { return outcome }
        guard case .value = outcome else {
            storeWriter.abandon()
            return outcome
        }
        do throws(EvalFailure) {
            try evaluator.finishStore()
            return outcome
        } catch {
            storeWriter.abandon()
            return .failed(evaluator.report(error))
        }
    }

    private func outcome(_ evaluator: Evaluator) -> EvaluationReport.Outcome {
        if let trace { evaluator.observe(trace.observer, level: trace.level) }
        do {
            if cancellation.isCancelled {
                throw EvalFailure(kind: .cancelled, message: Array("evaluation cancelled".utf8))
            }
            // The order is that of the command line, so that chunks have the same numbers.
            let arguments = try arguments(evaluator)
            let value = try load(evaluator)
            warnings = evaluator.warningReports(limit: EvaluationReport.warningLimit)
            // Everything was cached.
            let isKnown = evaluator.compilations == 0 && verifications == 0
            compiled = isKnown ? 0 : max(1, MonotonicClock.now() &- begin)
            if let walk = job.walk { return try self.walk(walk, from: value, arguments, evaluator) }
            let selected = try evaluator.select(value, path: job.attribute, arguments)
            // As on the command line, a function is only called if there are arguments.
            return try print(
                arguments.isEmpty ? selected : evaluator.autoCall(selected, arguments), evaluator)
        } catch let rejection as ProgramRejection {
            return .rejected(rejection)
        } catch let failure as EvalFailure {
            return .failed(evaluator.report(failure))
        } catch {
            return .internalError("\(error)")
        }
    }

    /// Gives the evaluator the stores that it writes to, and returns the one that builds.
    private func openStores(of evaluator: Evaluator) -> DeferredStore? {
        guard let building = job.building else {
            evaluator.storeWriter = storeWriter
            return nil
        }
        let store = DeferredStore(building.connect)
        evaluator.putOffBuilds(store, failures: building.failures)
        if let storeWriter { evaluator.storeWriter = PairedStore(storeWriter, store) }
        return store
    }

    /// What the job needs before it can be evaluated to its end; nil if it needs nothing or has ended otherwise.
    private func putOff(
        _ outcome: EvaluationReport.Outcome, _ evaluator: Evaluator, _ store: DeferredStore?
    ) -> EvaluationReport.Outcome? {
        let needed = evaluator.neededOutputs
        guard let store, !needed.isEmpty else { return nil }
        if case .failed(let error) = outcome, error.kind.endsEvaluation { return nil }
        storeWriter?.abandon()
        do throws(EvalFailure) {
            try evaluator.publish(store)
            return .needsBuilds(needed)
        } catch {
            return .failed(evaluator.report(error))
        }
    }

    private func load(_ evaluator: Evaluator) throws -> ValueHandle {
        guard job.image != nil else { return try loadInput(evaluator) }
        guard let set = evaluator.machine.imageHandles.first else {
            throw EvalFailure(kind: .internalError, message: Array("the image has no value".utf8))
        }
        if case .file = job.input { return set }
        return try evaluator.call(evaluator.force(loadInput(evaluator)), [set])
    }

    private func loadInput(_ evaluator: Evaluator) throws -> ValueHandle {
        switch job.input {
        case .source(let source, let name, let directory):
            return try evaluator.load(source: source, name: name, directory: directory)
        case .file(let path): return try evaluator.load(file: path, isCompiled: true)
        case .program(let bytes, let name, let directory):
            return try evaluator.load(program: verified(bytes, evaluator), name: name, directory: directory)
        }
    }

    /// Decodes and verifies a program unless it is cached. A cached program counts against the job's limit like a new
    /// one.
    private func verified(_ bytes: [UInt8], _ evaluator: Evaluator) throws -> Program {
        evaluator.machine.countOutsideHeap(bytes.count)
        let stop = evaluator.machine.stop
        guard let key = ProgramCache.Key(encoded: bytes, isStopped: { stop.cause != nil }) else {
            throw evaluator.stopFailure
        }
        if let (known, size) = programs.program(key) {
            try evaluator.count(program: size)
            return known
        }
        verifications += 1
        let program: Program
        do throws(ProgramLoadFailure) {
            program = try Program.load(bytes, shouldCancel: evaluator.stopCondition())
        } catch {
            switch error {
            case .rejected(let rejection): throw rejection
            case .stopped: throw evaluator.stopFailure
            }
        }
        let size = program.memoryBytes
        programs.insert(program, bytes: size, key)
        try evaluator.count(program: size)
        return program
    }

    private func arguments(_ evaluator: Evaluator) throws(EvalFailure) -> [(name: [UInt8], value: ValueHandle)] {
        var arguments: [(name: [UInt8], value: ValueHandle)] = []
        for (name, value) in job.arguments {
            switch value {
            case .text(let text): arguments.append((name, evaluator.machine.makeString(text)))
            case .expression(let source):
                let handle = try evaluator.load(source: source, name: "«string»", directory: job.directory)
                arguments.append((name, handle))
            }
        }
        return arguments
    }

    /// Visits the attributes until the end or a limit. Results before a limit remain valid, so the job only fails if
    /// the first attribute exceeds one.
    private func walk(
        _ walk: EvaluationJob.Walk, from value: ValueHandle, _ arguments: [(name: [UInt8], value: ValueHandle)],
        _ evaluator: Evaluator
    ) throws(EvalFailure) -> EvaluationReport.Outcome {
        let limit = job.limits.resultBytes ?? .max
        let walker = try AttributeWalker(
            evaluator, value: value, arguments: arguments, options: walk.options, directory: job.directory)
        var text: [UInt8] = []
        for path in walk.paths {
            do throws(EvalFailure) {
                let line = try line(walker, path)
                // What waits for a build is evaluated again, whatever its line says.
                if !evaluator.neededOutputs.isEmpty { continue }
                guard text.count + line.count < limit else {
                    return text.isEmpty ? .resultTooLarge(limit: limit) : .value(text)
                }
                text += line
                text.append(UInt8(ascii: "\n"))
            } catch {
                guard !text.isEmpty, error.kind != .cancelled else { throw error }
                break
            }
            if evaluator.machine.isNearMemoryLimit { break }
        }
        return .value(text)
    }

    /// Visits an attribute. With details, what the visit printed and used is among them.
    private func line(_ walker: AttributeWalker, _ path: [[UInt8]]) throws(EvalFailure) -> [UInt8] {
        guard walker.options.details else { return try walker.visit(path).line.bytes }
        let before = printed.mark
        let use = AttributeUse(walker.evaluator.machine)
        let visit = try walker.visit(path)
        var details = visit.details
        use.add(to: &details)
        printed.move(from: before, to: &details)
        return visit.line.bytes + [UInt8(ascii: "\t")] + details.bytes
    }

    private func print(_ value: ValueHandle, _ evaluator: Evaluator) throws(EvalFailure) -> EvaluationReport.Outcome {
        let limit = job.limits.resultBytes ?? .max
        let text = try evaluator.text(of: value, as: job.format, isStrict: job.isStrict, limit: limit)
        // A value that was cut while printing is longer than its limit.
        return text.count > limit ? .resultTooLarge(limit: limit) : .value(text)
    }
}
