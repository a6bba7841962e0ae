import ArgumentParser
import NixEval
import NixVM

/// What firn does when it is started as `nix-instantiate`.
struct NixInstantiateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: NixTool.instantiate.rawValue,
        abstract: "Instantiate store derivations, or evaluate Nix expressions (firn in the place of Nix's command).",
        discussion: """
            Without --eval, --parse or --find-file, the paths of derivations are printed. They are written where --store, \
            --export or NIX_REMOTE say.

            Example: nix-instantiate --eval --strict --json ./default.nix -A name
            """)

    /// The output options, of which the last one counts.
    enum Format: String, EnumerableFlag {
        case json, xml, raw

        static func help(for value: Format) -> ArgumentHelp? {
            switch value {
            case .json: "With --eval: print as JSON."
            case .xml: "With --eval: print as XML."
            case .raw: "With --eval: print a string without quotes and without a newline."
            }
        }

        var output: ValueOutput.Format {
            switch self {
            case .json: .json
            case .xml: .xml
            case .raw: .raw
            }
        }
    }

    @OptionGroup var evaluation: EvaluationArguments

    @OptionGroup var store: StoreArguments

    @Option(help: "The same as --store, which takes precedence over it here: where derivations are written.")
    var evalStore: String?

    @Flag(name: [.customLong("eval"), .customLong("eval-only")], help: "Print values, and not derivations.")
    var eval = false

    @Flag(name: [.customLong("parse"), .customLong("parse-only")], help: "Print expressions as they were parsed.")
    var parse = false

    @Flag(help: "Print where the search path has the files that the arguments name.")
    var findFile = false

    @Flag(help: "With --eval: also evaluate everything inside the value.")
    var strict = false

    @Flag(exclusivity: .chooseLast) var format: Format?

    @Flag(help: "Omit the source positions of attributes and functions from XML.")
    var noLocation = false

    @Option(
        help: "Make PATH a link to the derivation, which keeps it; further derivations get PATH-2, PATH-3 and so on.")
    var addRoot: String?

    @Flag(help: "Accepted: the roots of --add-root are always indirect.")
    var indirect = false

    func run() throws {
        let settings = try evaluation.evaluator.loadedSettings()
        try EvaluationThread.run { evaluate(settings) }
    }

    private func evaluate(_ settings: NixSettings) -> Int32 {
        let isInstantiating = !eval && !parse && !findFile
        let options = EvaluationRun.Options(
            printsDelayed: eval && !strict && (format == nil || format == .xml), evaluatesFlakes: evaluation.usesFlakes,
            network: evaluation.flakes.networkSettings(settings), followsEnvironment: isInstantiating,
            needsRoots: isInstantiating && addRoot != nil)
        let code = EvaluationRun.perform(evaluation.evaluator, destination, settings, options) {
            run throws(EvalFailure) in
            if findFile { return try evaluation.findFiles(run.evaluator) }
            if parse { return try parse(run.evaluator) }
            if eval { return try evaluate(run.evaluator, settings) }
            let roots = RootMaker(
                root: addRoot, directory: nil, evaluator: run.evaluator,
                warns: run.hasRoots && !evaluation.evaluator.builds.noCollectionWarning)
            try DerivationOutput(evaluator: run.evaluator, store: store, roots: roots).print(evaluation, settings)
        }
        // Nothing is freed first, which would only take time.
        leave(code)
    }

    /// Where derivations are written.
    private var destination: StoreArguments {
        var destination = store
        if destination.store == nil, destination.export == nil { destination.store = evalStore }
        return destination
    }

    private func parse(_ evaluator: Evaluator) throws(EvalFailure) {
        try evaluation.forEachSource(evaluator) { source throws(EvalFailure) in
            Output.text(try source.printed(evaluator) + [UInt8(ascii: "\n")])
        }
    }

    private func evaluate(_ evaluator: Evaluator, _ settings: NixSettings) throws(EvalFailure) {
        let output = ValueOutput(format: format?.output ?? .nix, isStrict: strict, hasLocation: !noLocation)
        try evaluation.forEachValue(evaluator, settings) { value throws(EvalFailure) in
            try output.print(value, evaluator, store)
        }
    }
}
