import MessageText
import NixBytecode
import NixStore

/// The frame of `+` with an operand that is coerced to a string.
struct AddFrame: BuiltinFrame {
    var left: Value
    var right: Value
    /// Whether paths are copied to the store, which happens only if the left operand was a string.
    @Held var copiesPaths: Bool
    /// The operand to coerce: 0 is the left one, 1 the right one, and 2 says that both are coerced.
    @Held var side: Int
}

/// Joining strings, and coercion to strings.
extension Interpreter {
    /// Joins the `count` strings at the top of the stack.
    @inline(never)
    func interpolate(_ count: Int) -> Step {
        let parts = sp - count
        var length = 0
        for index in 0..<count {
            if !isForced(parts + index) { return .force }
            guard parts[index].isString else { return failExpected("a string", parts[index]) }
            length += parts[index].object.field
        }
        if let step = refuseLength(length) { return step }
        let contexts = contextBytes(parts, count)
        guard reserve(Size.string(length) + contexts), contexts == 0 || reserveOutside(contexts) else {
            return .collect
        }
        guard charge(1 + length / 64 + contexts / Interpreter.contextBytesPerUnit) else { return .error }
        let result = makeString(length: length, context: contexts == 0 ? .null : unionContext(parts, count))
        var out = result.object.bytes
        for index in 0..<count {
            let part = parts[index].object
            guard copy(part.bytes, to: out, count: part.field) else { return .error }
            out += part.field
        }
        sp = parts
        push(result)
        return .next
    }

    /// The failure of making a string whose length does not fit into a header, or nil if it does.
    func refuseLength(_ length: Int) -> Step? {
        length <= Object.maximumField ? nil : fail(.value, "string of \(length) bytes is too long")
    }

    /// Joins a path and strings to a path.
    @inline(never)
    func interpolatePath(_ count: Int) -> Step {
        let parts = sp - count
        var length = 0
        for index in 0..<count {
            if !isForced(parts + index) { return .force }
            let part = parts[index]
            guard part.isString || part.isPath else { return failExpected("a string", part) }
            if part.isString, part.object.hasContext {
                return fail(.value, "a string that refers to a store path cannot be appended to a path")
            }
            length += part.object.field
        }
        if let step = admitPath(length) { return step }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        for index in 0..<count { bytes.append(contentsOf: parts[index].object.byteBuffer) }
        let path = CanonPath.canonicalize(bytes)
        sp = parts
        push(makePath(path))
        return .next
    }

    /// Reserves room for a path made of `length` bytes and charges for it. The result is the step to answer when that
    /// is not possible, or not yet.
    func admitPath(_ length: Int) -> Step? {
        if let step = refuseLength(length) { return step }
        guard reserve(Size.string(length)) else { return .collect }
        // The path is put together and made canonical outside the heap.
        guard reserveOutside(3 * length) else { return .collect }
        return charge(1 + length / 16) ? nil : .error
    }

    /// `path + value`: appends the value's string to the path and makes the result canonical.
    func addToPath(_ a: Value, _ b: Value) -> Step {
        guard b.isString || b.isPath else { return addCoerced() }
        if b.isString, b.object.hasContext {
            return fail(.value, "a string that refers to a store path cannot be appended to a path")
        }
        if let step = admitPath(a.object.field + b.object.field) { return step }
        return replaceTwo(makePath(CanonPath.canonicalize(Array(a.object.byteBuffer) + Array(b.object.byteBuffer))))
    }

    /// Turns `+` into a frame, because an operand must be coerced first.
    func addCoerced() -> Step { enterOperator(.addCoerced, arguments: 2, flag: (sp - 2).pointee.isString) }

    /// Coerces both operands, then adds the results.
    func addCoercedStep() -> Step {
        let frame = topFrame(as: AddFrame.self)
        if sp > above(AddFrame.self) {
            let value = pop()
            if frame.pointee.side == 0 { frame.pointee.left = value } else { frame.pointee.right = value }
            frame.pointee.side += 1
        }
        if frame.pointee.side == 0, frame.pointee.left.isString || frame.pointee.left.isPath { frame.pointee.side = 1 }
        if frame.pointee.side == 1, frame.pointee.right.isString { frame.pointee.side = 2 }
        if frame.pointee.side < 2 { return coerceOperand(frame.pointee) }
        let left = frame.pointee.left.object
        let right = frame.pointee.right.object
        let length = left.field + right.field
        if frame.pointee.left.isPath {
            if let step = admitPath(length) { return step }
            return done(makePath(CanonPath.canonicalize(Array(left.byteBuffer) + Array(right.byteBuffer))))
        }
        return join(left, right)
    }

    private func coerceOperand(_ frame: AddFrame) -> Step {
        guard reserveSlots(3) else { return .collect }
        push(.builtin(.coerce))
        push(frame.side == 0 ? frame.left : frame.right)
        push(Value(small: frame.copiesPaths ? Int(Coercion.copyToStore.rawValue) : 0))
        state.pointee.callCount = 2
        return .call
    }

    /// Answers with two strings joined, which are the first words of the frame.
    private func join(_ left: Object, _ right: Object) -> Step {
        let length = left.field + right.field
        if let step = refuseLength(length) { return step }
        let contexts = contextBytes(bp, 2)
        guard reserve(Size.string(length) + contexts) else { return .collect }
        guard charge(1 + length / 64 + contexts / Interpreter.contextBytesPerUnit) else { return .error }
        let result = makeString(length: length, context: unionContext(bp, 2))
        guard copy(left.bytes, to: result.object.bytes, count: left.field),
            copy(right.bytes, to: result.object.bytes + left.field, count: right.field)
        else { return .error }
        return done(result)
    }

    /// The instruction `coerceToString`.
    @inline(never)
    func coerceToString(_ coercion: Coercion) -> Step {
        if !isForced(sp - 1) { return .force }
        let value = (sp - 1).pointee
        if value.isString { return .next }
        let step = enterOperator(.coerce, arguments: 1, flag: false)
        if step == .entered { topFrame(as: CoercionFrame.self).pointee.flags = Int(coercion.rawValue) }
        return step
    }

    func failCoercion(_ value: Value) -> Step {
        let isCode = state.pointee.registers.env != state.pointee.machineEnv
        let step = failWithoutPosition(
            .type, "cannot coerce \(typeName(value)) to a string: \(shown(value))", operand: isCode ? 0 : -1)
        machine.failure?.isCoercion = true
        if isCode { machine.notes.append(.coercion) }
        return step
    }

    func homePath(_ text: Value) -> Step {
        guard text.isString else { return failExpected("a string", text) }
        guard let home = machine.io.homeDirectory else {
            return fail(
                .restricted,
                "the path '~/\(MessageText.shortened(text.object.byteBuffer))' can not be resolved in pure mode"
            )
        }
        var path = CanonPath.canonicalize(home + [CanonPath.separator] + Array(text.object.byteBuffer))
        // The first part of an interpolated path keeps its trailing slash.
        let last = text.object.byteBuffer.last ?? CanonPath.separator
        if last == CanonPath.separator { path.append(CanonPath.separator) }
        guard reserve(Size.string(path.count)) else { return .collect }
        push(makePath(path))
        return .next
    }

    /// `__curPos`.
    func currentPosition() -> Step {
        let position = machine.sourcePosition(chunk: state.pointee.registers.env.field, pc: state.pointee.instruction)
        return pushPosition(position)
    }

    /// Pushes `{ file, line, column }`, or null if there is no position.
    func pushPosition(_ position: SourcePosition?) -> Step {
        guard let position, let line = position.line, let column = position.column else {
            push(.null)
            return .next
        }
        let name = Array(position.source.utf8)
        guard reserve(Size.string(name.count) + Size.attributesAndLayout(3)) else { return .collect }
        push(
            makeAttributes([
                (Symbols.file.number, makeString(name)), (Symbols.line.number, Value(small: line)),
                (Symbols.column.number, Value(small: column)),
            ]))
        return .next
    }
}
