import ArgumentParser
import NixEval
import NixVM

/// The command `firn eval`.
struct EvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Evaluate files or expressions and print their values.",
        discussion: """
            Examples: firn eval --strict --json -E '{ a = 1 + 1; }'
                      firn eval .#lib.version --override-input nixpkgs ../nixpkgs
            """)

    @OptionGroup var evaluation: EvaluationArguments

    @OptionGroup var store: StoreArguments

    @Flag(help: "Also evaluate everything inside the value.")
    var strict = false

    @Flag(help: "Print as JSON.")
    var json = false

    @Flag(help: "Print as XML.")
    var xml = false

    @Flag(help: "Omit the source positions of attributes and functions from XML.")
    var noLocation = false

    @Flag(help: "Print a string without quotes and without a newline.")
    var raw = false

    @Flag(help: "Print statistics of the evaluation on standard error.")
    var stats = false

    @Flag(name: .customLong("gc-stress"), help: "Move every object at every allocation, to test the collector.")
    var stress = false

    @Flag(
        help: "Check the interpreter's state at every instruction, to find faults; a hundred times slower."
    )
    var check = false

    @Option(help: "With --check: also check the whole heap after every this many instructions.")
    var checkInterval: Int?

    @Flag(
        name: [.customLong("eval"), .customLong("eval-only")], help: "Accepted for compatibility with nix-instantiate.")
    var eval = false

    @Flag(help: "Print where the search path has the files that the arguments name, such as nixpkgs/lib.")
    var findFile = false

    @Flag(help: .hidden)
    var parse = false

    mutating func validate() throws {
        if parse { throw ValidationError("nix-instantiate --parse is `firn parse` here") }
        if [json, raw, xml].count(where: { $0 }) > 1 {
            throw ValidationError("--json, --raw and --xml exclude each other")
        }
        if let checkInterval {
            if !check { throw ValidationError("--check-interval is for --check") }
            if checkInterval < 1 {
                throw ValidationError("--check-interval takes a number from 1, not \(checkInterval)")
            }
        }
        if noLocation && !xml { throw ValidationError("--no-location is for --xml") }
    }

    func run() throws {
        let settings = try evaluation.evaluator.loadedSettings()
        try EvaluationThread.run { evaluate(settings) }
    }

    private func evaluate(_ settings: NixSettings) -> Int32 {
        let options = EvaluationRun.Options(
            printsDelayed: !strict && (format == .nix || format == .xml) && !findFile, stress: stress,
            evaluatesFlakes: evaluation.usesFlakes,
            network: evaluation.flakes.networkSettings(settings),
            checks: check ? checkInterval.map { MachineChecks(wholeHeapInterval: $0) } ?? MachineChecks() : nil,
            asksStatistics: stats, images: findFile ? nil : evaluation.imageInputs())
        let code = EvaluationRun.perform(evaluation.evaluator, store, settings, options) { run throws(EvalFailure) in
            if findFile { return try evaluation.findFiles(run.evaluator) }
            let output = ValueOutput(format: format, isStrict: strict, hasLocation: !noLocation)
            try evaluation.forEachValue(run.evaluator, settings, images: run.images) { value throws(EvalFailure) in
                try output.print(value, run.evaluator, store)
            }
        }
        // The process ends here, because freeing every program and object first would take a thirtieth of the time.
        leave(code)
    }

    private var format: ValueOutput.Format { json ? .json : xml ? .xml : raw ? .raw : .nix }
}
