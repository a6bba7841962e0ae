import NixBytecode

/// Builtins that order, stop or watch evaluation.
extension Machine {
    static let controlBuiltins: [BuiltinDefinition] = [
        .function("seq", 2, strict: [0]) { vm in vm.done(vm.argument(1)) },
        .frame("deepSeq", 2, strict: [], slots: 1) { vm in
            if vm.bp[2].isNull {
                vm.bp[2] = .true
                return vm.callWith(.builtin(Builtin.deepForce), vm.bp[0])
            }
            return vm.done(vm.bp[1])
        },
        // Slot 1 is true while the argument is forced, false after unwinding stopped here.
        .frame("tryEval", 1, strict: [], slots: 1) { $0.tryEvalStep() },
        .frame("throw", 1, strict: [], slots: 1, global: true) { vm in
            vm.coerced(0, .copyToStore) {
                guard vm.admitText(2 * vm.bp[0].object.field) else { return .error }
                return vm.fail(.thrown, bytes: Array(vm.bp[0].object.byteBuffer))
            }
        },
        .frame("abort", 1, strict: [], slots: 1, global: true) { vm in
            vm.coerced(0, .copyToStore) {
                guard vm.admitText(2 * vm.bp[0].object.field) else { return .error }
                let text = Array(vm.bp[0].object.byteBuffer)
                return vm.fail(
                    .abort,
                    bytes: Array("evaluation aborted with the following error message: '".utf8) + text + Array("'".utf8)
                )
            }
        },
        .function("trace", 2, strict: [0]) { vm in
            guard let text = vm.traceText(vm.argument(0)) else { return .error }
            vm.machine.print(Array("trace: ".utf8) + text)
            return vm.done(vm.argument(1))
        },
        .function("traceVerbose", 2, strict: []) { vm in
            if vm.machine.settings.traceVerbose {
                if !vm.isForced(vm.argumentSlot(0)) { return .force }
                guard let text = vm.traceText(vm.argument(0)) else { return .error }
                vm.machine.print(Array("trace: ".utf8) + text)
            }
            return vm.done(vm.argument(1))
        },
        .function("warn", 2, strict: [0]) { vm in
            guard let text = vm.expectString(0), vm.admitText(4 * text.field) else { return .error }
            vm.machine.print(vm.warningText(text.byteBuffer))
            return vm.done(vm.argument(1))
        },
        .function("break", 1, global: true) { vm in vm.done(vm.argument(0)) },
        .frame("addErrorContext", 2, strict: [], slots: 3) { $0.errorContextStep() },
    ]
}

extension VM {
    /// A warning with its lines aligned after its first words; one that begins with a line end stays as it is.
    fileprivate func warningText(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        let newline = UInt8(ascii: "\n")
        if text.first == newline { return Array("evaluation warning:".utf8) + Array(text) }
        let first = Array("evaluation warning: ".utf8)
        let indent = [UInt8](repeating: UInt8(ascii: " "), count: first.count)
        return first + text.flatMap { $0 == newline ? [newline] + indent : [$0] }
    }

    /// A string as it is, anything else as it prints, charged by its length; nil with `failure` set when a limit forbids
    /// it.
    func traceText(_ value: Value) -> [UInt8]? {
        guard value.isString else { return ValuePrinter(self, .trace, isCharged: true).printed(value) }
        return admitText(3 * value.object.field) ? Array(value.object.byteBuffer) : nil
    }

    fileprivate func tryEvalStep() -> Step {
        if bp[1].bits == Value.false.bits {
            guard reserve(Size.attributesAndLayout(2)) else { return .collect }
            return done(makeAttributes([(Symbols.success, .false), (Symbols.value, .false)]))
        }
        bp[1] = .true
        if !isForced(bp) { return .force }
        guard reserve(Size.attributesAndLayout(2)) else { return .collect }
        return done(makeAttributes([(Symbols.success, .true), (Symbols.value, bp[0])]))
    }
}
