import NixEval
import NixStore

@testable import NixVM

/// An evaluator whose machine tests can inspect and corrupt.
final class TestMachine {
    let evaluator: Evaluator
    /// Called with each line that `trace` prints, during the evaluation.
    private let hook: Hook

    private final class Hook {
        var body: (String) -> Void = { _ in }
    }

    var machine: Machine { evaluator.machine }
    var state: UnsafeMutablePointer<MachineState> { unsafe machine.state }

    init?(
        checks: MachineChecks? = nil, stress: Bool = false, limits: Limits = Limits(fuel: 10_000_000),
        cancellation: Cancellation? = nil
    ) {
        guard let io = try? RootedIO(roots: []) else { return nil }
        let hook = Hook()
        let settings = MachineSettings(stress: stress, currentSystem: nil, pure: true, checks: checks)
        var options = EvaluatorOptions(limits: limits, settings: settings)
        options.cancellation = cancellation
        guard
            let evaluator = Evaluator(
                io: io, options: options, print: { hook.body(String(decoding: $0, as: UTF8.self)) })
        else { return nil }
        self.evaluator = evaluator
        self.hook = hook
    }

    func onTrace(_ body: @escaping (String) -> Void) { hook.body = body }

    func load(_ source: String) throws(EvalFailure) -> ValueHandle {
        try evaluator.load(source: Array(source.utf8), name: "test", directory: Array("/".utf8))
    }

    /// The forced value of a source.
    func force(_ source: String) throws(EvalFailure) -> Value {
        value(of: try evaluator.force(try load(source)))
    }

    func value(of handle: ValueHandle) -> Value { unsafe state.pointee.roots[handle.root] }

    /// The text of a source's value, which is forced deeply. A failure yields its kind and message.
    func text(_ source: String) -> String {
        do throws(EvalFailure) {
            let value = try evaluator.deepForce(try load(source))
            return String(decoding: try machine.printResult(value, limit: 1 << 14), as: UTF8.self)
        } catch {
            return "\(error.kind): \(error.text)"
        }
    }

    /// The invariant that is violated after the loop has ended, or nil.
    func violation() -> Invariant? {
        var registers = unsafe state.pointee.registers
        unsafe registers.pc = machine.interpreter.stepCode(.end)
        return violation(registers)
    }

    func violation(_ registers: Registers) -> Invariant? {
        do throws(Violation) {
            try HeapChecker(machine.interpreter, registers, CodeMap()).checkAll()
            return nil
        } catch {
            return error.invariant
        }
    }

    /// Collects, so that all live objects are old.
    func collect() {
        _ = machine.interpreter.collect(reserving: 0)
    }

    /// Collects the whole heap.
    func compact() {
        machine.interpreter.collectAll()
        _ = machine.interpreter.openNursery(0)
    }
}
