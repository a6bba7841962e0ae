import MessageText

/// How functions of the machine report failures: each of these sets the machine's `failure`.
extension Interpreter {
    @inline(never)
    func fail(_ kind: FailureKind, _ message: String) -> Step { fail(kind, bytes: Array(message.utf8)) }

    @inline(never)
    func fail(_ kind: FailureKind, bytes: [UInt8]) -> Step {
        machine.failure = EvalFailure(kind: kind, message: bytes, position: ownPosition())
        machine.notes = BacktraceNotes(
            bound: kind.endsEvaluation
                ? BacktraceNotes.limitBound : BacktraceNotes.bound(memoryLimit: state.pointee.memoryLimit))
        machine.failedOperand = -1
        machine.recursion = 0
        machine.coerced = .absent
        return .error
    }

    /// The position of the instruction if code fails. A failure of a builtin has no position of its own.
    private func ownPosition() -> SourcePosition? {
        guard state.pointee.registers.env != state.pointee.machineEnv, runningBuiltin() == nil else { return nil }
        return machine.sourcePosition(chunk: state.pointee.registers.env.field, pc: state.pointee.instruction)
    }

    /// The same as `fail`, for failures that Nix reports without a position. `context` is noted at the instruction's
    /// position.
    @inline(never)
    func failWithoutPosition(_ kind: FailureKind, _ message: String, context: String? = nil, operand: Int8 = -1) -> Step
    {
        let step = fail(kind, message)
        machine.failure?.position = nil
        machine.failedOperand = operand
        if let context { machine.notes.append(.here(context)) }
        return step
    }

    func failMemory() -> Bool {
        _ = fail(.memoryExceeded, memoryText)
        return false
    }

    /// The answer of a step that needs more memory than the limit allows.
    func memoryExceeded() -> Step {
        _ = failMemory()
        return .error
    }

    var memoryText: String {
        let text = "memory limit exceeded\(limitText(state.pointee.memoryLimit, "bytes"))"
        return state.pointee.memoryLimit == machine.limits.memory
            ? text : text + "; the system's limit on address space (ulimit -v) allows no more"
    }

    func failFuel() -> Bool {
        _ = fail(.fuelExhausted, "fuel exhausted\(limitText(machine.limits.fuel, "units"))")
        return false
    }

    func failDepth() -> Bool {
        _ = fail(.depthExceeded, "stack overflow; max-call-depth exceeded")
        machine.failure?.position = currentSourcePosition()
        return false
    }

    func failInterrupted(_ kind: FailureKind) -> Bool {
        _ = fail(kind, StopCondition.message(kind))
        return false
    }

    private func limitText(_ limit: Int?, _ unit: String) -> String {
        limit.map { " (the limit is \($0) \(unit))" } ?? ""
    }

    /// - Parameter thunk: The thunk that was forced while it was being forced.
    func infiniteRecursion(_ thunk: Object) -> Step {
        let step = fail(.infiniteRecursion, "infinite recursion encountered")
        machine.recursion = UInt(bitPattern: thunk)
        return step
    }

    func failNotAFunction(_ value: Value) -> Step {
        let step = failWithoutPosition(
            .type, "attempt to call something which is not a function but \(describe(value))")
        machine.notes.append(.failurePosition)
        return step
    }

    /// Fails with "expected a Boolean but found ...", or asks to force the value at the top of the stack first.
    func expectBool(_ value: Value) -> Step {
        if !isForced(sp - 1) { return .force }
        let value = (sp - 1).pointee
        // The slot held an indirection to a boolean, so the instruction runs again.
        if value.isBool {
            state.pointee.registers.pc = state.pointee.instruction
            return .collect
        }
        return failExpected("a Boolean", value)
    }

    /// Fails with "expected a list but found ..." or the like. In a builtin the context is the given text, or that of
    /// the argument which the value is.
    func failExpected(_ expected: String, _ value: Value, context: String? = nil) -> Step {
        let step = fail(.type, "expected \(expected) but found \(describe(value))")
        if let context {
            machine.notes.append(.text(context))
        } else if let (index, arguments) = runningBuiltin(), let context = self.context(of: value, index, arguments) {
            machine.notes.append(.text(context.text))
        }
        return step
    }

    /// Fails in a builtin, with a context.
    func fail(_ kind: FailureKind, _ message: String, context: String) -> Step {
        let step = fail(kind, message)
        machine.notes.append(.text(context))
        return step
    }

    func isCallable(_ value: Value) -> Bool {
        value.isFunction || value.isAttributes && lookup(value.object, Symbols.functor) != nil
    }

    /// As `excerpt`, as a string.
    func quoted(_ symbol: UInt32) -> String { String(decoding: excerpt(symbol), as: UTF8.self) }

    /// The bytes of a string or path for a message, cut by the rule of `MessageText`.
    func excerpt(_ text: StringRef) -> [UInt8] { MessageText.excerpt(text.bytes) }

    /// As `excerpt`, for the object of a string or path.
    func excerpt(_ text: Object) -> [UInt8] { MessageText.excerpt(text.byteBuffer) }

    /// A name for a message, cut by the rule of `MessageText`. As in Nix, a name that is no identifier is in quotes.
    func excerpt(_ symbol: UInt32) -> [UInt8] { ValuePrinter.shownName(state.pointee.symbols.bytes(symbol)) }

    /// A value as messages show it.
    func shown(_ value: Value) -> String { String(decoding: ValuePrinter(self, .errors).print(value), as: UTF8.self) }

    func assertFail(_ text: Value) -> Step {
        guard text.isString else { return fail(.assertion, "assertion failed") }
        return fail(
            .assertion, bytes: Array("assertion '".utf8) + excerpt(text.object) + Array("' failed".utf8))
    }

    /// The type as messages name it, with its article (`a set`, `an integer`), or a builtin by its name.
    func typeName(_ value: Value) -> String {
        switch value.tag {
        case Tag.integer: return "an integer"
        case Tag.immediate:
            if value.isBuiltin { return "the built-in function '\(machine.builtinName(value.builtinIndex))'" }
            return value.isNull ? "null" : "a Boolean"
        case Tag.string: return value.object.hasContext ? "a string with context" : "a string"
        case Tag.thunk: return "a thunk"
        case Tag.attributes: return "a set"
        case Tag.list: return "a list"
        case Tag.function:
            guard value.object.kind == Kind.partial, partialIsBuiltin(value.object) else { return "a function" }
            return "the partially applied built-in function '\(machine.partialName(value.object))'"
        default:
            switch value.object.kind {
            case Kind.float: return "a float"
            case Kind.path: return "a path"
            case Kind.integer: return "an integer"
            default: return "an internal value"
            }
        }
    }

    func partialIsBuiltin(_ object: Object) -> Bool {
        var function = object.values[0]
        while function.tag == Tag.function, function.object.kind == Kind.partial {
            function = function.object.values[0]
        }
        return function.isBuiltin
    }

    /// The type and an abbreviated value, as messages show them: `a set: { a = 1; }`.
    func describe(_ value: Value) -> String {
        let type = typeName(value)
        return "\(type): \(shown(value))"
    }
}
