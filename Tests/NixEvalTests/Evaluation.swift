import NixEval
import NixStore
import NixVM

/// The result of evaluating a source on a thread with a large stack.
enum Evaluation: Equatable {
    case value(String)
    case failure(FailureKind)
    /// The machine or its thread could not be created.
    case impossible

    /// - Parameters:
    ///   - prepare: called with the evaluator before and after the evaluation.
    static func of(
        _ source: String, limits: Limits = Limits(), settings: MachineSettings = MachineSettings(),
        io: any EvalIO = LocalIO(),
        prepare: @escaping @Sendable (Evaluator) -> Void = { _ in },
        finish: @escaping @Sendable (Evaluator) -> Void = { _ in }
    ) -> Evaluation {
        BigStack.run { run(source, limits, settings, io, prepare, finish) } ?? .impossible
    }

    private static func run(
        _ source: String, _ limits: Limits, _ settings: MachineSettings, _ io: any EvalIO,
        _ prepare: (Evaluator) -> Void, _ finish: (Evaluator) -> Void
    ) -> Evaluation {
        let options = EvaluatorOptions(limits: limits, settings: settings)
        guard let evaluator = Evaluator(io: io, options: options, print: { _ in }) else { return .impossible }
        prepare(evaluator)
        defer { finish(evaluator) }
        do throws(EvalFailure) {
            let value = try evaluator.load(source: Array(source.utf8), name: "«test»", directory: Array("/".utf8))
            let result = try evaluator.deepForce(value)
            return .value(String(decoding: try evaluator.machine.printResult(result), as: UTF8.self))
        } catch {
            return .failure(error.kind)
        }
    }
}
