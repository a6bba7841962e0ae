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
        let settings = try evaluation.loadedSettings()
        try EvaluationThread.run { evaluate(settings) }
    }

    private func evaluate(_ settings: NixSettings) -> Int32 {
        let checks = check ? checkInterval.map { MachineChecks(wholeHeapInterval: $0) } ?? MachineChecks() : nil
        guard
            let evaluator = evaluation.makeEvaluator(
                settings, printsDelayed: !strict && !json && !raw && !findFile, stress: stress,
                countsWork: Statistics.isWanted(stats), checks: checks)
        else {
            Output.note("error: \(AddressSpace.failureText)")
            return 1
        }
        var code: Int32 = 0
        guard
            let session = StoreSession(store, evaluation, for: evaluator, followsEnvironment: false, code: &code)
        else { return code }
        do throws(EvalFailure) {
            if findFile { try evaluation.findFiles(evaluator) } else { try printValues(evaluator, settings) }
            try evaluator.finishStore()
        } catch {
            session.abandon()
            Output.message(evaluator.report(error).text(showTrace: settings.showsTrace))
            code = 1
        }
        Statistics.report(evaluator.statistics, isAsked: stats)
        evaluator.storePrograms()
        // The process ends here, because freeing every program and object first would take a thirtieth of the time.
        leave(code)
    }

    private func printValues(_ evaluator: Evaluator, _ settings: NixSettings) throws(EvalFailure) {
        try evaluation.forEachValue(evaluator, settings) { value throws(EvalFailure) in
            let text = try text(value, evaluator)
            // What a store path that is printed names is in the store.
            try evaluator.flushStore()
            store.print(text, isData: json || raw)
        }
    }

    private func text(_ value: ValueHandle, _ evaluator: Evaluator) throws(EvalFailure) -> [UInt8] {
        let newline = [UInt8(ascii: "\n")]
        if json { return try evaluator.text(of: value, as: .json, isStrict: true) + newline }
        if xml { return try evaluator.xml(value, isStrict: strict, hasLocation: !noLocation) }
        if raw { return try evaluator.rawText(of: value) }
        return try evaluator.text(of: value, as: .nix, isStrict: strict) + newline
    }
}
