import MessageText
import NixBytecode
import NixFormats

/// Builtins on strings that need no patterns.
extension Builtin {
    static let strings: [Builtin] = [
        .frame(
            "stringLength", [.checked("string", .single, isLazy: true)], slots: 1, since: "0.11",
            "The number of bytes of a string."
        ) { $0.stringLengthStep() },
        .frame(
            "substring",
            [
                .evaluated(
                    "start",
                    .custom("while evaluating the first argument (the start offset) passed to builtins.substring")),
                .evaluated(
                    "length",
                    .custom("while evaluating the second argument (the substring length) passed to builtins.substring"),
                    isLazy: true),
                .checked(
                    "string", .custom("while evaluating the third argument (the string) passed to builtins.substring"),
                    isLazy: true),
            ], slots: 1, since: "0.11",
            "At most `length` bytes of a string from `start`, all that follow when `length` is negative."
        ) { $0.substringStep() },
        .frame(
            "toString", [.checked("x", isLazy: true)], slots: 1, since: "0.5",
            "A value as a string. Elements of lists are joined by spaces, `true` is `1`; `false` and `null` are empty.",
            isGlobal: true
        ) { interpreter in
            interpreter.toStringStep()
        },
        .frame(
            "concatStringsSep",
            [
                .evaluated(
                    "separator",
                    .custom(
                        "while evaluating the first argument (the separator string) passed to builtins.concatStringsSep"
                    )),
                .checked(
                    "list",
                    .custom(
                        "while evaluating the second argument (the list of strings to concat) passed to "
                            + "builtins.concatStringsSep")),
            ], frame: JoinFrame.self, since: "1.10", "The strings of a list, with a separator between them.",
            inner: .ofType(
                "while evaluating one element of the list of strings to concat passed to builtins.concatStringsSep"),
            early: { $0.expectString(0) != nil }
        ) { $0.concatStringsSepStep() },
        .function(
            "hasContext", [.evaluated("string", .single)], since: "2.0", "Whether a string refers to store paths."
        ) { interpreter in
            guard let string = interpreter.expectString(0) else { return .error }
            return interpreter.done(.bool(string.hasContext))
        },
        .frame(
            "unsafeDiscardStringContext", [.checked("string", .single, isLazy: true)], slots: 1, since: "0.12",
            "The string without its references to store paths."
        ) { interpreter in
            interpreter.coerced(0, .copyToStore) {
                let string = interpreter.argument(0).string
                if !string.hasContext { return interpreter.done(interpreter.argument(0)) }
                guard interpreter.reserve(Size.string(string.count)) else { return .collect }
                guard let copy = interpreter.makeStringCharged(string.bytes) else { return .error }
                return interpreter.done(copy)
            }
        },
    ]
}

/// The frame of `concatStringsSep`.
private struct JoinFrame: BuiltinFrame {
    let separator: Value
    let list: Value
    /// The element that is looked at; null until the first step.
    @Held var index: Int
    /// Whether what that element was coerced to is at the top when a step begins.
    @Held var isCoerced: Bool
    /// The elements before it, coerced.
    @Held var parts: ArrayRef
    /// Bytes of the result, of the parts that are known and all separators.
    @Held var length: Int
}

extension Interpreter {
    private var join: JoinFrame {
        @inline(__always) _read { yield topFrame(as: JoinFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: JoinFrame.self).pointee }
    }

    /// The string in an argument that must have no context; nil with `failure` set.
    func expectPlainString(_ index: Int) -> StringRef? {
        isPlainString(argument(index)) ? argument(index).string : nil
    }

    /// Whether a forced value is a string without context; if not, `failure` is set.
    func isPlainString(_ value: Value) -> Bool {
        guard value.isString else {
            _ = failExpected("a string", value)
            return false
        }
        guard value.object.hasContext else { return true }
        let element = elements(of: value.object).first?.text ?? []
        _ = fail(
            .value,
            bytes: Array("the string '".utf8) + excerpt(value.object)
                + Array("' is not allowed to refer to a store path (such as '".utf8) + MessageText.excerpt(element)
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
        push(.builtin(.coerce))
        push(bp[index])
        push(Value(small: Int(coercion.rawValue) | flags))
        state.pointee.callCount = 2
        return .call
    }

    /// An integer needs no frame of a coercion.
    fileprivate func toStringStep() -> Step {
        if bp[1].isNull, isForced(bp), bp.pointee.isInteger {
            guard reserve(Size.string(NumberText.longestInteger)) else { return .collect }
            guard charge(1) else { return .error }
            return done(NumberText.withDecimal(bp.pointee.integer) { makeString($0) })
        }
        return coerced(0, .any) { done(argument(0)) }
    }

    fileprivate func stringLengthStep() -> Step {
        coerced(0, .copyToStore) { done(Value(small: argument(0).object.field)) }
    }

    fileprivate func substringStep() -> Step {
        guard let start = expectInteger(0) else { return .error }
        if start < 0 { return fail(.value, "negative start position in 'substring'") }
        if !isForced(argumentSlot(1)) { return .force }
        guard let length = expectInteger(1) else { return .error }
        return coerced(2, marker: 3, .copyToStore) {
            let string = argument(2).string
            let from = min(Int(clamping: start), string.count)
            let count = length < 0 ? string.count - from : min(Int(clamping: length), string.count - from)
            guard reserve(Size.string(count)) else { return .collect }
            let part = UnsafeBufferPointer(start: UnsafePointer(string.start + from), count: count)
            guard let result = makeStringCharged(part, context: context(of: argument(2))) else { return .error }
            return done(result)
        }
    }

    fileprivate func concatStringsSepStep() -> Step {
        guard let separator = expectString(0), let list = expectList(1) else { return .error }
        if join.$index.isNull {
            guard reserve(Size.array(list.count)) else { return .collect }
            guard let parts = makeParts(list.count) else { return .error }
            join.parts = parts
            join.length = max(0, list.count - 1) * separator.count
            join.index = 0
        }
        if join.isCoerced {
            let part = pop()
            join.isCoerced = false
            guard addPart(part) else { return .error }
        }
        while join.index < list.count {
            let slot = list.slot(join.index)
            if !isForced(slot) { return .force }
            if slot.pointee.isString {
                guard addPart(slot.pointee) else { return .error }
                continue
            }
            join.isCoerced = true
            push(.builtin(.coerce))
            push(slot.pointee)
            push(Value(small: Int(Coercion.copyToStore.rawValue)))
            state.pointee.callCount = 2
            return .call
        }
        return joinParts(separator)
    }

    /// The array of parts, each null at first, charged; nil with `failure` set. `Size.array` reserved.
    private func makeParts(_ count: Int) -> ArrayRef? {
        let parts = ArrayRef(allocate(words: 1 + count))
        parts.object[0] = Object.header(Kind.array, field: count)
        let isMade = inBlocks(count, bytesPerUnit: 8) { block in
            for index in block { parts[index] = .null }
            return true
        }
        return isMade ? parts : nil
    }

    /// Keeps the next part, for a unit, which pays for all that is done with it but for its bytes.
    private func addPart(_ part: Value) -> Bool {
        guard charge(1) else { return false }
        let index = join.index
        join.parts[index] = part
        noteWrite(join.parts.object)
        join.length += part.string.count
        join.index = index + 1
        return true
    }

    private func joinParts(_ separator: StringRef) -> Step {
        let parts = join.parts
        let length = join.length
        guard length <= Int(UInt32.max) else { return fail(.value, "string of \(length) bytes is too long") }
        let contexts = (contextBytes(parts.elements, parts.count) + contextBytes(argumentSlot(0), 1)) * 2
        guard reserve(Size.string(length) + contexts) else { return .collect }
        // Joined contexts are sorted.
        guard charge(1 + contexts / 16) else { return .error }
        let context =
            contexts == 0
            ? .null : joinContexts(unionContext(parts.elements, parts.count), context(of: join.separator))
        let result = makeString(length: length, context: context)
        var out = result.string.start
        for index in 0..<parts.count {
            if index > 0 {
                guard copy(separator.start, to: out, count: separator.count, isCharged: false) else { return .error }
                out += separator.count
            }
            // Parts too short to be charged each are charged by how many there are.
            if index & 0x3FF == 0x3FF, !charge(64) { return .error }
            let part = parts[index].string
            guard copy(part.start, to: out, count: part.count, isCharged: false) else { return .error }
            out += part.count
        }
        return done(result)
    }
}
