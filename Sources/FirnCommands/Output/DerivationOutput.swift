import NixEval
import NixVM

/// Prints the paths of the store derivations that expressions evaluate to, as `nix-instantiate` does.
struct DerivationOutput {
    let evaluator: Evaluator
    let store: StoreArguments
    let roots: RootMaker
    /// The use of an automatic image; nil if there is none.
    var images: ImageSession?

    /// Prints the derivations of all values: the path of each or that of its root, with `!OUTPUT` if the output that it
    /// stands for is not `out`.
    func print(_ evaluation: EvaluationArguments, _ settings: NixSettings) throws(EvalFailure) {
        let arguments = try evaluation.evaluator.callArguments(evaluator)
        let functions = try PackageFunctions(evaluator)
        try evaluation.forEachValue(evaluator, settings, images: images, callsAnyway: true) {
            value throws(EvalFailure) in
            var lines: [(path: [UInt8], output: [UInt8])] = []
            var failure: EvalFailure?
            let found = try evaluator.derivations(in: value, arguments)
            do throws(EvalFailure) {
                for one in found {
                    lines.append(try line(Package(evaluator, name: one.name, value: one.value, functions: functions)))
                }
            } catch {
                failure = error
            }
            // All derivations of a value are flushed together, which costs less than one by one. What precedes a failure
            // is printed nevertheless.
            try evaluator.flushStore()
            for line in lines { store.print(try roots.makeRoot(line.path) + line.output + [UInt8(ascii: "\n")]) }
            if let failure { throw failure }
        }
    }

    private func line(_ package: Package) throws(EvalFailure) -> (path: [UInt8], output: [UInt8]) {
        let path = try package.requiredDerivationPath()
        let outputName = try package.outputName()
        guard !outputName.isEmpty else {
            let shown = String(decoding: path, as: UTF8.self)
            throw EvalFailure(
                kind: .value, message: Array("derivation '\(shown)' lacks an 'outputName' attribute".utf8))
        }
        return (path, outputName == Array("out".utf8) ? [] : [UInt8(ascii: "!")] + outputName)
    }
}
