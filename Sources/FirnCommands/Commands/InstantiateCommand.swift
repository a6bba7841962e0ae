import ArgumentParser
import NixEval
import NixStore
import NixVM

/// The command `firn instantiate`.
struct InstantiateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "instantiate", abstract: "Print the paths of the store derivations that files evaluate to.",
        discussion: """
            Examples: firn instantiate ./nixpkgs -A hello --store daemon --add-root ./result
                      firn instantiate .#hello
            """)

    @OptionGroup var evaluation: EvaluationArguments

    @OptionGroup var store: StoreArguments

    @OptionGroup var roots: RootArguments

    @Flag(help: "Print a JSON array with the derivations and their attribute paths.")
    var json = false

    @Option(help: "Write every .drv file that the evaluation makes to this directory.")
    var drvDir: String?

    @Flag(help: "Print statistics of the evaluation on standard error.")
    var stats = false

    @Flag(name: .customLong("gc-stress"), help: "Move every object at every allocation, to test the collector.")
    var stress = false

    func run() throws {
        let settings = try evaluation.evaluator.loadedSettings()
        try EvaluationThread.run { evaluate(settings) }
    }

    private func evaluate(_ settings: NixSettings) -> Int32 {
        let directory = drvDir.map { DerivationDirectory($0) }
        if let directory, !directory.create() { return 1 }
        let options = EvaluationRun.Options(
            stress: stress, evaluatesFlakes: evaluation.usesFlakes,
            network: evaluation.flakes.networkSettings(settings), asksStatistics: stats, followsEnvironment: true,
            needsRoots: roots.areWanted, images: drvDir == nil ? evaluation.imageInputs(callsAnyway: true) : nil)
        let code = EvaluationRun.perform(evaluation.evaluator, store, settings, options) { run throws(EvalFailure) in
            if let directory { run.evaluator.onDerivation { directory.write($0, $1) } }
            let maker = RootMaker(roots, evaluator: run.evaluator, warns: run.hasRoots)
            if json {
                try printJSON(run, settings, maker)
            } else {
                try DerivationOutput(evaluator: run.evaluator, store: store, roots: maker, images: run.images)
                    .print(evaluation, settings)
            }
        }
        if let failure = directory?.failure {
            Output.note("error: \(failure)")
            return 1
        }
        return code
    }

    private func printJSON(_ run: EvaluationRun, _ settings: NixSettings, _ maker: RootMaker) throws(EvalFailure) {
        let evaluator = run.evaluator
        var objects: [[UInt8]] = []
        let arguments = try evaluation.evaluator.callArguments(evaluator)
        let functions = try PackageFunctions(evaluator)
        try evaluation.forEachValue(evaluator, settings, images: run.images, callsAnyway: true) {
            value throws(EvalFailure) in
            for found in try evaluator.derivations(in: value, arguments) {
                let package = Package(evaluator, name: found.name, value: found.value, functions: functions)
                let path = try package.requiredDerivationPath()
                // What a path that is printed names is in the store.
                try evaluator.flushStore()
                _ = try maker.makeRoot(path)
                objects.append(try object(found, package, path, evaluator))
            }
        }
        let separator = Array(",\n".utf8)
        let text = [UInt8(ascii: "[")] + objects.joined(separator: separator) + Array("]\n".utf8)
        store.print(text, isData: true)
    }

    /// A derivation as JSON: `attrPath`, `name`, `system`, `drvPath`, `outputName`, and `outputs` with their paths.
    private func object(
        _ found: FoundDerivation, _ package: Package, _ path: [UInt8], _ evaluator: Evaluator
    ) throws(EvalFailure) -> [UInt8] {
        let outputs = (evaluator.outputs(ofDerivation: path) ?? []).map { output in
            let path = output.path.map(JSONBytes.string) ?? Array("null".utf8)
            return JSONBytes.string(output.name) + [UInt8(ascii: ":")] + path
        }
        let system = try evaluator.text(found.value, "system")
        return JSONBytes.object([
            ("attrPath", JSONBytes.array(found.attributePath.map(JSONBytes.string))),
            ("name", JSONBytes.string(found.name)),
            ("system", system.map(JSONBytes.string) ?? Array("null".utf8)),
            ("drvPath", JSONBytes.string(path)),
            ("outputName", JSONBytes.string(try package.outputName())),
            ("outputs", [UInt8(ascii: "{")] + outputs.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "}")]),
        ])
    }
}
