import NixBytecode

/// Builtins that order, stop or watch evaluation.
extension Builtin {
    static let control: [Builtin] = [
        .function("seq", [.checked("a"), .checked("b", isLazy: true)], since: "1.8", "`b`, after `a` was evaluated.") {
            $0.done($0.argument(1))
        },
        .frame(
            "deepSeq", [.checked("a", isLazy: true), .checked("b", isLazy: true)], frame: DeepSeqFrame.self,
            since: "1.8",
            "`b`, after `a` and all that lies in it was evaluated."
        ) { interpreter in
            let frame = interpreter.topFrame(as: DeepSeqFrame.self)
            if frame.pointee.hasBegun { return interpreter.done(frame.pointee.result) }
            frame.pointee.hasBegun = true
            return interpreter.callWith(.builtin(.deepForce), frame.pointee.forced)
        },
        .frame(
            "tryEval", [.checked("x", isLazy: true)], frame: TryFrame.self, since: "0.13",
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
                if let step = interpreter.admitMessage(interpreter.argument(0)) { return step }
                return interpreter.fail(.thrown, bytes: Array(interpreter.argument(0).string.bytes))
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
                if let step = interpreter.admitMessage(interpreter.argument(0)) { return step }
                let text = Array(interpreter.argument(0).string.bytes)
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
            if let step = interpreter.printWarning(text) { return step }
            if interpreter.machine.settings.abortsOnWarning {
                return interpreter.fail(
                    .abort, "aborting to reveal stack trace of warning, as abort-on-warn is set")
            }
            return interpreter.done(interpreter.argument(1))
        },
        .function(
            "break", [.checked("x")], since: "2.9", "`x`. Nix stops in its debugger here when that was asked for.",
            limits: "there is no debugger", isGlobal: true
        ) { $0.done($0.argument(0)) },
    ]
}

/// The frame of `tryEval`.
struct TryFrame: BuiltinFrame {
    let value: Value
    /// Whether a failure that reaches the frame is caught: null before the first step, false once one was.
    @Held var isTrying: Bool

    var hasCaught: Bool { !isTrying && !$isTrying.isNull }
}

extension Interpreter {
    /// Prints a warning and aligns its lines behind the first words. A text that begins with a line end is not aligned.
    ///
    /// - Returns: nil if it was printed; otherwise the result of the step.
    fileprivate func printWarning(_ text: StringRef) -> Step? {
        let newline = UInt8(ascii: "\n")
        let isAligned = text.bytes.first != newline
        let first = Array((isAligned ? "evaluation warning: " : "evaluation warning:").utf8)
        guard let lines = isAligned ? lineCount(text.object) : 0 else { return .error }
        let length = first.count + text.count + lines * first.count
        guard reserveOutside(2 * length) else { return .collect }
        if let step = admitText(4 * text.count) { return step }
        var out = first
        out.reserveCapacity(length)
        let isWhole = inBlocks(text.count, bytesPerUnit: .max) { block in
            for byte in text.bytes[block] {
                out.append(byte)
                if isAligned, byte == newline { out.append(contentsOf: repeatElement(0x20, count: first.count)) }
            }
            return block.upperBound & (Interpreter.blockBytes &- 1) != 0 || poll()
        }
        guard isWhole else { return .error }
        machine.print(out)
        return nil
    }

    /// Prints a string as it is, anything else as it prints, charged by its length; what to answer when that is not
    /// possible, or not yet.
    fileprivate func printTrace(_ value: Value) -> Step? {
        if value.isString {
            if let step = admitText(3 * value.object.field) { return step }
            machine.print(Array("trace: ".utf8) + Array(value.string.bytes))
            return nil
        }
        guard let text = ValuePrinter(self, .trace, isCharged: true).printed(value) else { return .error }
        machine.print(Array("trace: ".utf8) + text)
        return nil
    }

    private var attempt: TryFrame {
        @inline(__always) _read { yield topFrame(as: TryFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: TryFrame.self).pointee }
    }

    fileprivate func tryEvalStep() -> Step {
        if attempt.hasCaught {
            guard reserve(Size.attributesAndLayout(2)) else { return .collect }
            return done(makeAttributes([(Symbols.success.number, .false), (Symbols.value.number, .false)]))
        }
        attempt.isTrying = true
        if !isForced(argumentSlot(0)) { return .force }
        guard reserve(Size.attributesAndLayout(2)) else { return .collect }
        return done(makeAttributes([(Symbols.success.number, .true), (Symbols.value.number, attempt.value)]))
    }
}

/// The frame of `deepSeq`.
private struct DeepSeqFrame: BuiltinFrame {
    let forced: Value
    let result: Value
    /// Whether the first argument has been forced when a step begins.
    @Held var hasBegun: Bool
}
