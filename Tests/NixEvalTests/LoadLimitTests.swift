import NixBytecode
import NixCompiler
import NixEval
import NixStore
import NixSyntax
import NixVM
import Testing

/// Sources and programs that are small in bytes and large when loaded.
@Suite struct LoadLimitTests {
    private static func machine() throws -> VirtualMachine { try VirtualMachine(programCacheBytes: 0) }

    private static func outcome(
        _ input: EvaluationJob.Input, memory: Int? = nil, timeout: Duration? = nil
    ) async throws -> EvaluationReport.Outcome {
        var job = try SuitePrograms.job(input)
        job.limits.memoryBytes = memory
        job.limits.timeout = timeout
        return try await machine().evaluate(job, cancellation: Cancellation()).outcome
    }

    private static func kind(_ outcome: EvaluationReport.Outcome) -> FailureKind? {
        if case .failed(let failure) = outcome { failure.kind } else { nil }
    }

    private static let deepDirectory = Array(("/" + String(repeating: "d", count: 3_000)).utf8)

    /// Each path constant becomes as long as the directory.
    private static let paths = Program(
        symbols: [], constants: (0..<100_000).map { .path(Array("a\($0)".utf8)) }, shapes: [], formals: [],
        chunks: [
            Chunk(
                kind: .topLevel, arity: 0, upvalueCount: 0, capturesWith: false, formals: nil, parameters: [],
                name: nil,
                spans: [], code: [Opcode.null.rawValue, Opcode.return.rawValue], maximumStack: 1, instructionSpans: [])
        ], lines: nil)

    @Test func constantsOfAProgramKeepToTheLimit() async throws {
        let input = EvaluationJob.Input.program(Self.paths.encoded(), name: "p", directory: Self.deepDirectory)
        #expect(try await Self.kind(Self.outcome(input, memory: 64 << 20)) == .memoryExceeded)
    }

    @Test func loadingEndsAtTheDeadline() async throws {
        let input = EvaluationJob.Input.program(Self.paths.encoded(), name: "p", directory: Self.deepDirectory)
        #expect(try await Self.kind(Self.outcome(input, timeout: .nanoseconds(1))) == .deadlineExceeded)
        // Without limits, the input is valid.
        guard case .value(let text) = try await Self.outcome(input) else {
            Issue.record("not loaded")
            return
        }
        #expect(text == Array("null".utf8))
    }

    static let sources: [String] = [
        "{ inherit ({ }) " + (0..<300_000).map { "a\($0) " }.joined() + "; }",
        "[ " + (0..<300_000).map { "./a\($0) " }.joined() + "]",
        "{ " + (0..<300_000).map { "a\($0) = x: x; " }.joined() + "}",
        "{ " + (0..<300_000).map { "a\($0) ? 1, " }.joined() + "... }: 1",
        "x: \"" + String(repeating: "${x}b", count: 300_000) + "\"",
        "\"" + String(repeating: "\\n", count: 8_000_000) + "\"",
    ]

    @Test("Sources keep to the limit in every phase", arguments: sources.indices)
    func sourcesKeepToTheLimit(index: Int) async throws {
        let input = EvaluationJob.Input.source(
            Array(Self.sources[index].utf8), name: "s", directory: SuitePrograms.directory)
        #expect(try await Self.kind(Self.outcome(input, memory: 32 << 20)) == .memoryExceeded)
        #expect(try await Self.kind(Self.outcome(input, timeout: .nanoseconds(1))) == .deadlineExceeded)
    }

    @Test func tinyChunksKeepToTheLimit() async throws {
        let chunk = Chunk(
            kind: .thunk, arity: 0, upvalueCount: 0, capturesWith: false, formals: nil, parameters: [], name: nil,
            spans: [], code: [Opcode.null.rawValue, Opcode.return.rawValue], maximumStack: 1, instructionSpans: [])
        var program = Self.paths
        program.constants = []
        program.chunks += Array(repeating: chunk, count: 500_000)
        let input = EvaluationJob.Input.program(program.encoded(), name: "p", directory: Array("/".utf8))
        #expect(try await Self.kind(Self.outcome(input, memory: 32 << 20)) == .memoryExceeded)
    }

    /// A program counts the same whether it was verified for this job or an earlier one.
    @Test func knownProgramsCountTheSame() async throws {
        let machine = try VirtualMachine(programCacheBytes: 256 << 20)
        var job = try SuitePrograms.job(
            .program(Self.paths.encoded(), name: "p", directory: Array("/short".utf8)))
        job.limits.memoryBytes = 256 << 20
        let first = await machine.evaluate(job, cancellation: Cancellation())
        let second = await machine.evaluate(job, cancellation: Cancellation())
        #expect(first.statistics.memoryPeakBytes == second.statistics.memoryPeakBytes)
        #expect(first.statistics.memoryPeakBytes > Self.paths.memoryBytes)
    }

    /// The machine itself takes more than the limit. That is an error of the evaluation, and none of the machine.
    @Test(arguments: [1, 1 << 16]) func aLimitBelowWhatAMachineTakesIsExceeded(_ memory: Int) async throws {
        let input = EvaluationJob.Input.source(Array("1".utf8), name: "s", directory: SuitePrograms.directory)
        #expect(try await Self.kind(Self.outcome(input, memory: memory)) == .memoryExceeded)
        var options = EvaluatorOptions()
        options.limits.memory = memory
        let kind = BigStack.run { () -> FailureKind? in
            guard let evaluator = Evaluator(io: LocalIO(), options: options, print: { _ in }) else { return nil }
            do throws(EvalFailure) {
                _ = try evaluator.load(source: Array("1".utf8), name: "s", directory: SuitePrograms.directory)
                return nil
            } catch { return error.kind }
        }
        #expect(kind == .memoryExceeded)
    }

    /// What the stack took counts, whether the evaluation ended by the limit or not.
    @Test func theStackCountsInThePeak() async throws {
        let source = "let f = n: if n == 0 then 0 else 1 + f (n - 1); in f 1000000"
        var job = try SuitePrograms.job(
            .source(Array(source.utf8), name: "s", directory: SuitePrograms.directory), fuel: 100_000_000)
        job.limits.depth = 2_000_000
        job.limits.memoryBytes = 64 << 20
        let limited = try await Self.machine().evaluate(job, cancellation: Cancellation())
        #expect(Self.kind(limited.outcome) == .memoryExceeded)
        #expect((56 << 20...72 << 20).contains(limited.statistics.memoryPeakBytes))
        job.limits.memoryBytes = 512 << 20
        let whole = try await Self.machine().evaluate(job, cancellation: Cancellation())
        #expect(Self.kind(whole.outcome) == nil)
        #expect(whole.statistics.memoryPeakBytes > limited.statistics.memoryPeakBytes)
    }

    @Test func aFailedPartStaysRefused() async throws {
        let source = "let f = x: { " + (0..<300_000).map { "a\($0) = x; " }.joined() + "}; in"
        let job = try SuitePrograms.job(
            .source(Array("\(source) [ (f 1) (f 2) ]".utf8), name: "s", directory: SuitePrograms.directory))
        var limited = job
        limited.limits.memoryBytes = 56 << 20
        limited.isStrict = true
        let report = try await Self.machine().evaluate(limited, cancellation: Cancellation())
        #expect(Self.kind(report.outcome) == .memoryExceeded)
    }
}

/// Messages about sources that would make them very long.
@Suite struct LongMessageTests {
    private static func failure(_ source: String) async throws -> EvaluationError? {
        let machine = try VirtualMachine(programCacheBytes: 0)
        let job = try SuitePrograms.job(
            .source(Array(source.utf8), name: "s", directory: SuitePrograms.directory))
        guard case .failed(let failure) = await machine.evaluate(job, cancellation: Cancellation()).outcome else {
            return nil
        }
        return failure
    }

    /// Suggestions are not computed for very long or very many names, such as a hundred thousand bytes against as many,
    /// or four thousand names of two thousand bytes.
    @Test func namesThatNobodyTypesAreNotCompared() async throws {
        let long = String(repeating: "a", count: 100_000)
        let failure = try await Self.failure("{ \(long) = 1; }.a\(long)")
        #expect(failure?.kind == .missingAttribute)
        #expect(failure?.suggestions.isEmpty == true)
        let middle = String(repeating: "x", count: 900)
        let names = (0..<4_000).map { "n\($0)\(middle) = 1; " }.joined()
        #expect(try await Self.failure("{ \(names) }.n_\(middle)")?.kind == .missingAttribute)
    }

    @Test(arguments: [
        ("{ abc = 1; abd = 2; xyz = 3; }.abe", "Did you mean one of abc or abd?"),
        ("{ hello = 1; }.helo", "Did you mean hello?"), ("{ hello = 1; }.hellooo", "Did you mean hello?"),
        ("{ ab = 1; }.ba", "Did you mean ab?"), ("{ a = 1; }.abc", "Did you mean a?"),
        ("{ \"\" = 1; }.ab", "Did you mean ?"), ("{ abcd = 1; }.dcba", ""), ("{ abc = 1; }.abcdef", ""),
    ])
    func closeNamesAreSuggested(source: String, text: String) async throws {
        let lines = try await Self.failure(source)?.description.split(separator: "\n") ?? []
        let suggestion = lines.last.map { $0.drop { $0 == " " } } ?? ""
        #expect((suggestion.hasPrefix("Did you mean") ? suggestion : "") == text)
    }

    @Test func explanationsAreShort() async throws {
        let path = String(repeating: ".a", count: 100_000)
        let failure = try #require(try await Self.failure("{ a = 1; }\(path)"))
        #expect(failure.backtrace.reduce(0) { $0 + $1.message.utf8.count } < 20_000)
        let line = try #require(
            try await Self.failure("[ \(String(repeating: "1 ", count: 200_000)) (throw \"x\") ].a"))
        #expect((line.location?.excerpt?.line?.count ?? .max) <= SourceExcerpt.longestLine + 6)
    }
}
