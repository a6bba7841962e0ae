import ArgumentParser
import NixEval
import NixVM

/// The command `firn trace`.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Evaluate and print an execution trace.",
        discussion: """
            The formats text and json have every instruction, chrome has the calls for Perfetto (ui.perfetto.dev), and folded \
            has the time of each call stack for a flame graph.

            Example: firn trace --format folded default.nix
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, chrome, folded
    }

    enum Level: String, ExpressibleByArgument, CaseIterable {
        case calls, ops

        var value: TraceLevel { self == .calls ? .calls : .ops }
    }

    @OptionGroup var evaluation: EvaluationArguments

    /// Declared for the help only: with this option the command line belongs to `firn-farm` (`FarmExecutable.handles`).
    @Option(
        help: ArgumentHelp(
            "Show a farm's trace of a job; --job 1 --help lists its options.", valueName: "id"))
    var job: String?

    @Flag(help: "Show the nanoseconds since the previous event.")
    var time = false

    @Option(help: "The output format: text (the default), json with one object per line, chrome or folded.")
    var format: Format?

    @Option(help: "With text or json: calls, or ops for every instruction as well (the default).")
    var level: Level?

    @Flag(help: "The same as --format json.")
    var json = false

    mutating func validate() throws {
        if json {
            if let format, format != .json { throw ValidationError("--json and --format \(format) exclude each other") }
            format = .json
        }
        let format = format ?? .text
        if time && format != .text { throw ValidationError("--time is for --format text") }
        if level != nil && (format == .chrome || format == .folded) {
            throw ValidationError("--level is for --format text or json: \(format) has the calls")
        }
    }

    func run() throws {
        let settings = try evaluation.evaluator.loadedSettings()
        try EvaluationThread.run { evaluate(settings) }
    }

    private func evaluate(_ settings: NixSettings) -> Int32 {
        guard
            let evaluator = evaluation.evaluator.makeEvaluator(
                settings, evaluatesFlakes: evaluation.usesFlakes,
                network: evaluation.flakes.networkSettings(settings))
        else {
            Output.note("error: \(AddressSpace.failureText)")
            return 1
        }
        let finish = observe(evaluator)
        do throws(EvalFailure) {
            try evaluation.forEachValue(evaluator, settings) { value throws(EvalFailure) in
                Output.message(try evaluator.text(of: value, as: .nix, isStrict: true) + [UInt8(ascii: "\n")])
            }
            finish()
            return 0
        } catch {
            finish()
            Output.message(evaluator.report(error).text(showTrace: settings.showsTrace))
            return 1
        }
    }

    /// Adds an observer to the evaluator. The result writes what the observer holds back until the end.
    private func observe(_ evaluator: Evaluator) -> () -> Void {
        let level = (level ?? .ops).value
        switch format ?? .text {
        case .text:
            let observer = TracingObserver(showsTime: time) { Output.text($0) }
            evaluator.observe(observer, level: level)
            return { observer.flush() }
        case .json:
            let observer = JSONTraceObserver { Output.write(1, $0) }
            evaluator.observe(observer, level: level)
            return { observer.flush() }
        case .chrome:
            let observer = ChromeTraceObserver { Output.write(1, $0) }
            evaluator.observe(observer, level: .calls)
            return { observer.finish() }
        case .folded:
            let observer = FoldedTraceObserver()
            evaluator.observe(observer, level: .calls)
            return { Output.write(1, observer.text()) }
        }
    }
}
