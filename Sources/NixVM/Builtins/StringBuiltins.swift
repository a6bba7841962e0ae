import NixBytecode
import NixFormats

/// Builtins on strings that need no patterns.
extension Machine {
    static let stringBuiltins: [BuiltinDefinition] = [
        .frame("stringLength", 1, strict: [], slots: 1) { $0.stringLengthStep() },
        .frame("substring", 3, strict: [0], slots: 1) { $0.substringStep() },
        .frame("toString", 1, strict: [], slots: 1, global: true) { interpreter in
            interpreter.coerced(0, .any) { interpreter.done(interpreter.bp[0]) }
        },
        .frame("concatStringsSep", 2, slots: 4, early: { $0.expectString(0) != nil }) { $0.concatStringsSepStep() },
        .frame("replaceStrings", 3, strict: [0, 1], slots: 5, early: { $0.expectList(0) != nil }) {
            $0.replaceStringsStep()
        },
        .function("hasContext", 1) { interpreter in
            guard let string = interpreter.expectString(0) else { return .error }
            return interpreter.done(.bool(string.hasContext))
        },
        .frame("unsafeDiscardStringContext", 1, strict: [], slots: 1) { interpreter in
            interpreter.coerced(0, .copyToStore) {
                let string = interpreter.bp[0].object
                if !string.hasContext { return interpreter.done(interpreter.bp[0]) }
                guard interpreter.reserve(Size.string(string.field)) else { return .collect }
                guard let copy = interpreter.makeStringCharged(string.byteBuffer) else { return .error }
                return interpreter.done(copy)
            }
        },
    ]
}

extension Interpreter {
    /// The string in an argument that must have no context; nil with `failure` set.
    func expectPlainString(_ index: Int) -> Object? {
        isPlainString(argument(index)) ? argument(index).object : nil
    }

    /// Whether a forced value is a string without context; if not, `failure` is set.
    func isPlainString(_ value: Value) -> Bool {
        guard value.isString else {
            _ = failExpected("a string", value)
            return false
        }
        guard value.object.hasContext else { return true }
        guard hasRoomOutsideHeap(6 * value.object.field) else { return failMemory() }
        let element = elements(of: value.object).first?.text ?? []
        _ = fail(
            .value,
            bytes: Array("the string '".utf8) + ByteView(value.object.byteBuffer).excerpt
                + Array("' is not allowed to refer to a store path (such as '".utf8) + element
                + Array("')".utf8))
        return false
    }

    /// Coerces an argument of a frame in place, then goes on. The slot after the arguments marks that a coercion is
    /// under way; its result is then at the top.
    func coerced(
        _ index: Int, marker: Int = 1, _ coercion: Coercion, flags: Int = 0, _ body: () -> Step
    ) -> Step {
        if bp[marker].isTrue {
            bp[index] = pop()
            bp[marker] = .false
        }
        if !isForced(bp + index) { return .force }
        if bp[index].isString { return body() }
        bp[marker] = .true
        push(.builtin(Builtin.coerce))
        push(bp[index])
        push(Value(small: Int(coercion.rawValue) | flags))
        state.pointee.callCount = 2
        return .call
    }

    fileprivate func stringLengthStep() -> Step {
        coerced(0, .copyToStore) { done(Value(small: bp[0].object.field)) }
    }

    fileprivate func substringStep() -> Step {
        guard let start = expectInteger(0) else { return .error }
        if start < 0 { return fail(.value, "negative start position in 'substring'") }
        if !isForced(bp + 1) { return .force }
        guard let length = expectInteger(1) else { return .error }
        return coerced(2, marker: 3, .copyToStore) {
            let string = bp[2].object
            let from = min(Int(clamping: start), string.field)
            let count = length < 0 ? string.field - from : min(Int(clamping: length), string.field - from)
            guard reserve(Size.string(count)) else { return .collect }
            let part = UnsafeBufferPointer(start: UnsafePointer(string.bytes + from), count: count)
            guard let result = makeStringCharged(part, context: context(of: bp[2])) else { return .error }
            return done(result)
        }
    }

    /// Slots: separator, list, index, marker, parts, length: the elements, coerced, are kept in a list of their own.
    fileprivate func concatStringsSepStep() -> Step {
        guard let separator = expectString(0), let list = expectList(1) else { return .error }
        if bp[2].isNull {
            guard reserve(Size.array(list.field)) else { return .collect }
            guard let parts = makeParts(list.field) else { return .error }
            bp[4] = Value(Tag.other, parts)
            bp[5] = Value(small: max(0, list.field - 1) * separator.field)
            bp[2] = Value(small: 0)
        }
        if bp[3].isTrue {
            let part = pop()
            bp[3] = .false
            guard addPart(part) else { return .error }
        }
        while bp[2].small < list.field {
            let slot = list.values + bp[2].small
            if !isForced(slot) { return .force }
            if slot.pointee.isString {
                guard addPart(slot.pointee) else { return .error }
                continue
            }
            bp[3] = .true
            push(.builtin(Builtin.coerce))
            push(slot.pointee)
            push(Value(small: Int(Coercion.copyToStore.rawValue)))
            state.pointee.callCount = 2
            return .call
        }
        return joinParts(separator, bp[4].object, bp[5].small)
    }

    /// The list of parts, each null at first, charged; nil with `failure` set. `Size.array` reserved.
    private func makeParts(_ count: Int) -> Object? {
        let parts = allocate(words: 1 + count)
        parts[0] = Object.header(Kind.array, field: count)
        let isMade = inBlocks(count, bytesPerUnit: 8) { block in
            for index in block { parts.values[index] = .null }
            return true
        }
        return isMade ? parts : nil
    }

    /// Keeps the next part: a unit, which pays for all that is done with it but for its bytes.
    private func addPart(_ part: Value) -> Bool {
        guard charge(1) else { return false }
        let index = bp[2].small
        bp[4].object.values[index] = part
        noteWrite(bp[4].object)
        bp[5] = Value(small: bp[5].small + part.object.field)
        bp[2] = Value(small: index + 1)
        return true
    }

    private func joinParts(_ separator: Object, _ parts: Object, _ length: Int) -> Step {
        guard length <= Int(UInt32.max) else { return fail(.value, "string of \(length) bytes is too long") }
        let contexts = (contextBytes(parts.values, parts.field) + contextBytes(bp, 1)) * 2
        guard reserve(Size.string(length) + contexts) else { return .collect }
        // Joined contexts are sorted.
        guard charge(1 + contexts / 16) else { return .error }
        let context = joinContexts(unionContext(parts.values, parts.field), context(of: bp[0]))
        let result = makeString(length: length, context: context)
        var out = result.object.bytes
        for index in 0..<parts.field {
            if index > 0 {
                guard copyCharged(separator.bytes, separator.field, to: out) else { return .error }
                out += separator.field
            }
            // Parts too short to be charged each are, by how many there are.
            if index & 0x3FF == 0x3FF, !charge(64) { return .error }
            let part = parts.values[index].object
            guard copyCharged(part.bytes, part.field, to: out) else { return .error }
            out += part.field
        }
        return done(result)
    }
}
