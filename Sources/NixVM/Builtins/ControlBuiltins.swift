import NixBytecode

/// Builtins that order, stop or watch evaluation.
extension Machine {
    static let controlBuiltins: [BuiltinDefinition] = [
        .function("seq", 2, strict: [0]) { interpreter in interpreter.done(interpreter.argument(1)) },
        .frame("deepSeq", 2, strict: [], slots: 1) { interpreter in
            if interpreter.bp[2].isNull {
                interpreter.bp[2] = .true
                return interpreter.callWith(.builtin(Builtin.deepForce), interpreter.bp[0])
            }
            return interpreter.done(interpreter.bp[1])
        },
        // Slot 1 is true while the argument is forced, false after unwinding stopped here.
        .frame("tryEval", 1, strict: [], slots: 1) { $0.tryEvalStep() },
        .frame("throw", 1, strict: [], slots: 1, global: true) { interpreter in
            interpreter.coerced(0, .copyToStore) {
                if let step = interpreter.admitMessage(interpreter.bp[0]) { return step }
                return interpreter.fail(.thrown, bytes: Array(interpreter.bp[0].object.byteBuffer))
            }
        },
        .frame("abort", 1, strict: [], slots: 1, global: true) { interpreter in
            interpreter.coerced(0, .copyToStore) {
                if let step = interpreter.admitMessage(interpreter.bp[0]) { return step }
                let text = Array(interpreter.bp[0].object.byteBuffer)
                return interpreter.fail(
                    .abort,
                    bytes: Array("evaluation aborted with the following error message: '".utf8) + text + Array("'".utf8)
                )
            }
        },
        .function("trace", 2, strict: [0]) { interpreter in
            if let step = interpreter.printTrace(interpreter.argument(0)) { return step }
            return interpreter.done(interpreter.argument(1))
        },
        .function("traceVerbose", 2, strict: []) { interpreter in
            if interpreter.machine.settings.traceVerbose {
                if !interpreter.isForced(interpreter.argumentSlot(0)) { return .force }
                if let step = interpreter.printTrace(interpreter.argument(0)) { return step }
            }
            return interpreter.done(interpreter.argument(1))
        },
        .function("warn", 2, strict: [0]) { interpreter in
            guard let text = interpreter.expectString(0) else { return .error }
            if let step = interpreter.printWarning(text) { return step }
            return interpreter.done(interpreter.argument(1))
        },
        .function("break", 1, global: true) { interpreter in interpreter.done(interpreter.argument(0)) },
        .frame("addErrorContext", 2, strict: [], slots: 3) { $0.errorContextStep() },
    ]
}

extension Interpreter {
    /// Prints a warning and aligns its lines behind the first words. A text that begins with a line end is not aligned.
    ///
    /// - Returns: nil if it was printed; otherwise the result of the step.
    fileprivate func printWarning(_ text: Object) -> Step? {
        let newline = UInt8(ascii: "\n")
        let isAligned = text.byteBuffer.first != newline
        let first = Array((isAligned ? "evaluation warning: " : "evaluation warning:").utf8)
        guard let lines = isAligned ? lineCount(text) : 0 else { return .error }
        let length = first.count + text.field + lines * first.count
        guard reserveOutside(2 * length) else { return .collect }
        if let step = admitText(4 * text.field) { return step }
        var out = first
        out.reserveCapacity(length)
        let isWhole = inBlocks(text.field, bytesPerUnit: .max) { block in
            for byte in text.byteBuffer[block] {
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
