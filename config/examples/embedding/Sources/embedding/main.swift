// Evaluates an expression with limits, and prints its value as JSON or why there is none:
//
//     swift run embedding 'builtins.map (x: x * x) [ 1 2 3 ]'
import NixEval

var options = EvaluatorOptions()
options.limits.fuel = 10_000_000
options.limits.memory = 256 << 20
options.timeout = .seconds(5)
options.files = .none
options.output = { print("note: \($0)") }

do {
    let evaluator = try Evaluator(options)
    let source = CommandLine.arguments.dropFirst().first ?? "{ answer = 6 * 7; }"
    let value = try evaluator.evaluate(source: source)
    print(try evaluator.print(value, as: .json))
} catch {
    print(error)
}
