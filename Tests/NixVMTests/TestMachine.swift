import NixEval
import NixStore

@testable import NixVM

/// An evaluator whose machine the tests can look into, and spoil.
final class TestMachine {
    let evaluator: Evaluator
    /// Called with each line that `trace` prints, in the midst of the evaluation.
    private let hook: Hook

    private final class Hook {
        var body: (String) -> Void = { _ in }
    }

    var machine: Machine { evaluator.machine }
    var state: UnsafeMutablePointer<MachineState> { unsafe machine.state }

    init?(checks: MachineChecks? = nil, stress: Bool = false, limits: Limits = Limits(fuel: 10_000_000)) {
        guard let io = try? RootedIO(roots: []) else { return nil }
        let hook = Hook()
        let settings = MachineSettings(stress: stress, currentSystem: nil, pure: true, checks: checks)
        guard
            let evaluator = Evaluator(
                io: io, options: EvaluatorOptions(limits: limits, settings: settings),
                print: { hook.body(String(decoding: $0, as: UTF8.self)) })
        else { return nil }
        self.evaluator = evaluator
        self.hook = hook
    }

    func onTrace(_ body: @escaping (String) -> Void) { hook.body = body }

    func load(_ source: String) throws(EvalFailure) -> ValueHandle {
        try evaluator.load(source: Array(source.utf8), name: "test", directory: Array("/".utf8))
    }

    /// The value of a source, forced, where it lies.
    func force(_ source: String) throws(EvalFailure) -> Value {
        value(of: try evaluator.force(try load(source)))
    }

    func value(of handle: ValueHandle) -> Value { unsafe state.pointee.roots[handle.root] }

    /// The value of a source, forced in depth, as text; a failure as its kind and message.
    func text(_ source: String) -> String {
        do throws(EvalFailure) {
            let value = try evaluator.deepForce(try load(source))
            return String(decoding: try machine.printResult(value, limit: 1 << 14), as: UTF8.self)
        } catch {
            return "\(error.kind): \(error.text)"
        }
    }

    /// The invariant that does not hold when the loop is at its end; nil when all do.
    func violation() -> Invariant? {
        var r = unsafe state.pointee.r
        unsafe r.pc = machine.interpreter.stepCode(.end)
        return violation(r)
    }

    func violation(_ r: Registers) -> Invariant? {
        do throws(Violation) {
            try HeapChecker(machine.interpreter, r, CodeMap()).checkAll()
            return nil
        } catch {
            return error.invariant
        }
    }

    /// Collects everything, so that what is alive is old.
    func collectAll() {
        _ = machine.interpreter.collect(need: 0)
    }
}
