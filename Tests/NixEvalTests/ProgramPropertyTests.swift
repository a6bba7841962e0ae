import NixBytecode
import NixEval
import NixStore
import NixVM
import Testing

/// A source, whose code is generated lazily, and its encoded program give equal results.
@Suite struct ProgramPropertyTests {
    @Test func encodingKeepsEverySuiteProgram() throws {
        for (name, bytes) in SuitePrograms.encoded {
            let program = try Program.load(bytes)
            #expect(program.encoded() == bytes, "\(name)")
            let stripped = program.stripped()
            #expect(try Program.load(stripped.encoded()) == stripped, "\(name)")
        }
    }

    @Test func programsGiveWhatTheirSourcesGive() async throws {
        let machine = try VirtualMachine(programCacheBytes: 0)
        let sources = Dictionary(SuitePrograms.sources.map { ($0.name, $0.bytes) }) { first, _ in first }
        var compared = 0
        for (name, program) in SuitePrograms.encoded {
            guard let source = sources[name] else { continue }
            let first = await machine.evaluate(
                try SuitePrograms.job(.source(source, name: name, directory: SuitePrograms.directory), fuel: 200_000),
                cancellation: Cancellation())
            let second = await machine.evaluate(
                try SuitePrograms.job(.program(program, name: name, directory: SuitePrograms.directory), fuel: 200_000),
                cancellation: Cancellation())
            #expect(describe(first.outcome) == describe(second.outcome), "\(name)")
            #expect(first.statistics.fuel == second.statistics.fuel, "\(name)")
            #expect(first.printed == second.printed, "\(name)")
            compared += 1
        }
        #expect(compared > 300)
    }

    /// Fuel, value and output do not depend on whether another job loaded the source before.
    @Test func knownSourcesGiveTheSame() async throws {
        let machine = try VirtualMachine(programCacheBytes: 64 << 20)
        for (name, source) in SuitePrograms.sources {
            let job = try SuitePrograms.job(.source(source, name: name, directory: SuitePrograms.directory))
            let first = await machine.evaluate(job, cancellation: Cancellation())
            let second = await machine.evaluate(job, cancellation: Cancellation())
            #expect(describe(first.outcome) == describe(second.outcome), "\(name)")
            #expect(first.statistics.fuel == second.statistics.fuel, "\(name)")
            #expect(first.statistics.memoryPeakBytes == second.statistics.memoryPeakBytes, "\(name)")
        }
    }

    private func describe(_ outcome: EvaluationReport.Outcome) -> String {
        switch outcome {
        case .value(let text): String(decoding: text, as: UTF8.self)
        case .failed(let failure):
            // The position may come from the backtrace, which has more lines if the source is available. The text of an
            // assertion differs as well, because a program has no directory and keeps its paths as written.
            "\(failure.kind) \(failure.message)".replacing("/job/", with: "./")
        case .rejected(let rejection): "\(rejection)"
        case .resultTooLarge(let limit): "too large \(limit)"
        case .needsBuilds(let outputs): "needs \(outputs.count) builds"
        case .internalError(let text): text
        }
    }
}
