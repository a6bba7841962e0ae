import NixBytecode

/// Builtins that order, stop or watch evaluation.
extension Builtin {
    static let control: [Builtin] = [
        .function("seq", [.checked("a"), .checked("b", isLazy: true)], since: "1.8", "`b`, after `a` was evaluated.") {
            $0.done($0.argument(1))
        },
        .frame(
            "deepSeq", [.checked("a", isLazy: true), .checked("b", isLazy: true)], slots: 1, since: "1.8",
            "`b`, after `a` and all that lies in it was evaluated."
        ) { interpreter in
            if interpreter.bp[2].isNull {
                interpreter.bp[2] = .true
                return interpreter.callWith(.builtin(.deepForce), interpreter.bp[0])
            }
            return interpreter.done(interpreter.bp[1])
        },
        .frame(
            "tryEval", [.checked("x", isLazy: true)], slots: 1, since: "0.13",
            "`{ success, value }`: whether `x` is evaluated without `throw` or a failed `assert`, and its value, else "
                + "`false`.", role: .catchesFailures
        ) { $0.tryEvalStep() },
        .frame(
            "throw",
            [
                .checked(
                    "message", .custom("while evaluating the error message passed to builtin.throw"), isLazy: true)
            ], slots: 1, since: "0.11", "Fails with a message; `tryEval` catches it.", isGlobal: true
        ) { interpreter in
            interpreter.coerced(0, .copyToStore) {
                if let step = interpreter.admitMessage(interpreter.bp[0]) { return step }
                return interpreter.fail(.thrown, bytes: Array(interpreter.bp[0].object.byteBuffer))
            }
        },
        .frame(
            "abort",
            [
                .checked(
                    "message", .custom("while evaluating the error message passed to builtins.abort"), isLazy: true)
            ], slots: 1, since: "0.10", "Fails with a message; nothing catches it.", isGlobal: true
        ) { interpreter in
            interpreter.coerced(0, .copyToStore) {
                if let step = interpreter.admitMessage(interpreter.bp[0]) { return step }
                let text = Array(interpreter.bp[0].object.byteBuffer)
                return interpreter.fail(
                    .abort,
                    bytes: Array("evaluation aborted with the following error message: '".utf8) + text + Array("'".utf8)
                )
            }
        },
        .function(
            "trace", [.checked("message"), .checked("x", isLazy: true)], since: "0.11",
            "`x`, after `message` was printed."
        ) { interpreter in
            if let step = interpreter.printTrace(interpreter.argument(0)) { return step }
            return interpreter.done(interpreter.argument(1))
        },
        .function(
            "traceVerbose", [.checked("message", isLazy: true), .checked("x", isLazy: true)], since: "2.10",
            "As `trace` where `--trace-verbose` is given, else only `x`."
        ) { interpreter in
            if interpreter.machine.settings.traceVerbose {
                if !interpreter.isForced(interpreter.argumentSlot(0)) { return .force }
                if let step = interpreter.printTrace(interpreter.argument(0)) { return step }
            }
            return interpreter.done(interpreter.argument(1))
        },
        .function(
            "warn",
            [
                .evaluated(
                    "message", .custom("while evaluating the first argument; the message passed to builtins.warn")),
                .checked("x", isLazy: true),
            ], since: "2.23", "`x`, after `message`, a string, was printed as a warning."
        ) { interpreter in
            guard let text = interpreter.expectString(0) else { return .error }
            if let step = interpreter.admitText(4 * text.field) { return step }
            interpreter.machine.print(interpreter.warningText(text.byteBuffer))
            return interpreter.done(interpreter.argument(1))
        },
        .function(
            "break", [.checked("x")], since: "2.9", "`x`. Nix stops in its debugger here when that was asked for.",
            limits: "there is no debugger", isGlobal: true
        ) { $0.done($0.argument(0)) },
        .frame(
            "addErrorContext", [.checked("message", isLazy: true), .checked("x", isLazy: true)], slots: 3,
            since: "0.13",
            "`x`. When its evaluation fails, the backtrace holds `message`.",
            backtrace: BacktraceHook(namesCall: false) { interpreter, _ in interpreter.noteErrorContext() },
            role: .explainsFailures
        ) { $0.errorContextStep() },
    ]
}

extension Interpreter {
    /// A warning with its lines aligned after its first words; one that begins with a line end stays as it is.
    fileprivate func warningText(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        let newline = UInt8(ascii: "\n")
        if text.first == newline { return Array("evaluation warning:".utf8) + Array(text) }
        let first = Array("evaluation warning: ".utf8)
        let indent = [UInt8](repeating: UInt8(ascii: " "), count: first.count)
        return first + text.flatMap { $0 == newline ? [newline] + indent : [$0] }
    }

    /// Prints a string as it is, anything else as it prints, charged by its length; what to answer when that is not
    /// possible, or not yet.
    fileprivate func printTrace(_ value: Value) -> Step? {
        if value.isString {
            if let step = admitText(3 * value.object.field) { return step }
            machine.print(Array("trace: ".utf8) + Array(value.object.byteBuffer))
            return nil
        }
        guard let text = ValuePrinter(self, .trace, isCharged: true).printed(value) else { return .error }
        machine.print(Array("trace: ".utf8) + text)
        return nil
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
