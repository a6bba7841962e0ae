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
        let settings = try evaluation.loadedSettings()
        try EvaluationThread.run { evaluate(settings) }
    }

    private func evaluate(_ settings: NixSettings) -> Int32 {
        guard let evaluator = evaluation.makeEvaluator(settings, stress: stress, countsWork: Statistics.isWanted(stats))
        else {
            Output.note("error: \(AddressSpace.failureText)")
            return 1
        }
        var code: Int32 = 0
        guard
            let session = StoreSession(
                store, evaluation, for: evaluator, followsEnvironment: true, needsRoots: roots.areWanted, code: &code)
        else { return code }
        let directory = drvDir.map { DerivationDirectory($0) }
        if let directory {
            guard directory.create() else { return 1 }
            evaluator.onDerivation { directory.write($0, $1) }
        }
        do throws(EvalFailure) {
            try print(evaluator, settings, RootMaker(roots, evaluator: evaluator, warns: session.choice.hasRoots))
            try evaluator.finishStore()
        } catch {
            session.abandon()
            Output.message(evaluator.report(error).text(showTrace: settings.showsTrace))
            code = 1
        }
        Statistics.report(evaluator.statistics, isAsked: stats)
        evaluator.storePrograms()
        if let failure = directory?.failure {
            Output.note("error: \(failure)")
            code = 1
        }
        return code
    }

    private func print(_ evaluator: Evaluator, _ settings: NixSettings, _ maker: RootMaker) throws(EvalFailure) {
        var objects: [[UInt8]] = []
        let arguments = try evaluation.callArguments(evaluator)
        try evaluation.forEachValue(evaluator, settings, callsAnyway: true) { value throws(EvalFailure) in
            let found = try evaluator.derivations(in: value, arguments)
            // What a path that is printed names is in the store.
            try evaluator.flushStore()
            for derivation in found {
                if json {
                    _ = try maker.makeRoot(derivation.path)
                    objects.append(try object(derivation, evaluator))
                    continue
                }
                guard !derivation.outputName.isEmpty else {
                    let path = String(decoding: derivation.path, as: UTF8.self)
                    throw EvalFailure(
                        kind: .value, message: Array("derivation '\(path)' lacks an 'outputName' attribute".utf8))
                }
                let isDefault = derivation.outputName == Array("out".utf8)
                let output = isDefault ? [] : [UInt8(ascii: "!")] + derivation.outputName
                let shown = try maker.makeRoot(derivation.path)
                store.print(shown + output + [UInt8(ascii: "\n")])
            }
        }
        if json {
            let separator = Array(",\n".utf8)
            let text = [UInt8(ascii: "[")] + objects.joined(separator: separator) + Array("]\n".utf8)
            store.print(text, isData: true)
        }
    }

    /// A derivation as JSON: `attrPath`, `name`, `system`, `drvPath`, `outputName`, and `outputs` with their paths.
    private func object(_ derivation: FoundDerivation, _ evaluator: Evaluator) throws(EvalFailure) -> [UInt8] {
        let outputs = (evaluator.outputs(ofDerivation: derivation.path) ?? []).map { output in
            let path = output.path.map(JSONBytes.string) ?? Array("null".utf8)
            return JSONBytes.string(output.name) + [UInt8(ascii: ":")] + path
        }
        let system = try evaluator.text(derivation.value, "system")
        return JSONBytes.object([
            ("attrPath", JSONBytes.array(derivation.attributePath.map(JSONBytes.string))),
            ("name", JSONBytes.string(derivation.name)),
            ("system", system.map(JSONBytes.string) ?? Array("null".utf8)),
            ("drvPath", JSONBytes.string(derivation.path)),
            ("outputName", JSONBytes.string(derivation.outputName)),
            ("outputs", [UInt8(ascii: "{")] + outputs.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "}")]),
        ])
    }
}
