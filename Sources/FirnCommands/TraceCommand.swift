import ArgumentParser
import NixEval
import NixVM

/// `firn trace`.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Evaluate and print every event of the machine.",
        discussion: "Example: firn trace -E '(x: x + 1) 2'")

    @OptionGroup var evaluation: EvaluationArguments

    @Flag(help: "Show the nanoseconds since the event before.")
    var time = false

    func run() throws {
        let code = BigStack.run { evaluate() } ?? 1
        if code != 0 { throw ExitCode(code) }
    }

    private func evaluate() -> Int32 {
        guard let evaluator = evaluation.makeEvaluator() else {
            Output.note("error: the address space for the heap cannot be reserved")
            return 1
        }
        let observer = TracingObserver(showsTime: time) { Output.write(1, $0) }
        evaluator.machine.observe(observer, level: .ops)
        defer { observer.flush() }
        do throws(EvalFailure) {
            for value in try evaluation.values(evaluator) {
                let result = try evaluator.deepForce(value)
                observer.flush()
                Output.write(2, evaluator.machine.printResult(result) + [UInt8(ascii: "\n")])
            }
            return 0
        } catch {
            observer.flush()
            Output.write(2, evaluator.describe(error, showTrace: evaluation.showTrace))
            return 1
        }
    }
}
