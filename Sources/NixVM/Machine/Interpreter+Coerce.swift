import MessageText
import NixBytecode
import NixStore

/// What stands for a set that becomes a string, in the place of an index.
enum Substitution {
    /// Its `__toString` is being called.
    static let call = -1
    /// What its `__toString` gave.
    static let result = -2
    /// Its `outPath`.
    static let output = -3
}

/// Coercion to strings as a frame, for what takes calls or walks lists.
///
/// Slots: value, flags, builder, length, context, state (false while a `__toString` is called). Above them lie the
/// values still to be coerced, for each list being walked `absent`, the list and the next index, and for each set that
/// another value stands for `absent`, the set and a `Substitution`. The strings found are appended to the builder.
extension Interpreter {
    func coerceStep() -> Step {
        let coercion = Coercion(rawValue: UInt8(truncatingIfNeeded: bp[1].small))
        if bp[5].isNull {
            // Values to visit lie above the slots; each is replaced by what it coerces to.
            guard reserveSlots(2) else { return .collect }
            bp[5] = .true
            push(bp[0])
        }
        if bp[5].bits == Value.false.bits {
            bp[5] = .true
            (sp - 2).pointee = Value(small: Substitution.result)
        }
        while sp > bp + 6 {
            let top = sp - 1
            if isCursor(top) {
                switch nextElement() {
                case .next: continue
                case let step: return step
                }
            }
            if !isForced(top) { return .force }
            switch coerceItem(top, coercion) {
            case .next: continue
            case let step: return step
            }
        }
        return finishCoercion()
    }

    /// Whether the top is what follows `absent` and a list or set.
    private func isCursor(_ top: Slot) -> Bool {
        top - 2 >= bp + 6 && (top - 2).pointee.bits == Value.absent.bits
    }

    /// Pushes the next element of the list on top of the cursor, or drops the cursor at its end.
    private func nextElement() -> Step {
        let cursor = sp - 1
        let list = (sp - 2).pointee.object
        let index = cursor.pointee.small
        if index < 0 || index == list.field {
            sp -= 3
            return .next
        }
        guard reserveSlots(2) else { return .collect }
        let isSeparated = index > 0 && !endsEmpty(list, index - 1)
        if isSeparated {
            guard reserve(builderGrowth(1)) else { return .collect }
        }
        guard charge(1) else { return .error }
        if isSeparated, let step = append([UInt8(ascii: " ")]) { return step }
        cursor.pointee = Value(small: index + 1)
        push(list.values[index])
        return .next
    }

    /// Nix puts no space after an element that is an empty list.
    private func endsEmpty(_ list: Object, _ index: Int) -> Bool {
        var value = list.values[index]
        if value.isThunk, value.object.kind == Kind.indirection { value = Value(bits: value.object[1]) }
        return value.isList && value.object.field == 0
    }

    /// Handles one forced value: appends it, or replaces it by what stands for it.
    private func coerceItem(_ top: Slot, _ coercion: Coercion) -> Step {
        let value = top.pointee
        if value.isString { return appendString(value) }
        if value.isPath { return coercePath(value, coercion) }
        if value.isAttributes { return coerceSet(top) }
        guard coercion.contains(.any) else { return failCoercion(value) }
        if value.isList {
            guard reserveSlots(4) else { return .collect }
            top.pointee = .absent
            push(value)
            push(Value(small: 0))
            return .next
        }
        guard let bytes = scalarText(value) else { return failCoercion(value) }
        if let step = appendCoerced(bytes) { return step }
        sp -= 1
        return .next
    }

    /// What `toString` gives for numbers, booleans and null.
    func scalarText(_ value: Value) -> [UInt8]? {
        if value.isInteger { return Array(String(value.integer).utf8) }
        if value.isFloat { return NumberText.fixed(value.float) }
        if value.isNull || value.bits == Value.false.bits { return [] }
        return value.isTrue ? [UInt8(ascii: "1")] : nil
    }

    private func coerceSet(_ top: Slot) -> Step {
        let set = top.pointee
        if let method = lookup(set.object, Symbols.toString) {
            guard reserveSlots(6) else { return .collect }
            // [set] becomes [cursor method set]; the result takes the place of the last two.
            openCursor(at: Substitution.call)
            push(method.pointee)
            push(set)
            bp[5] = .false
            state.pointee.callCount = 1
            return .call
        }
        guard let path = lookup(set.object, Symbols.outPath) else { return failCoercion(set) }
        guard reserveSlots(4) else { return .collect }
        guard charge(1) else { return .error }
        openCursor(at: Substitution.output)
        push(path.pointee)
        return .next
    }

    private func coercePath(_ value: Value, _ coercion: Coercion) -> Step {
        if coercion.contains(.copyToStore) {
            guard reserveStorePath() else { return .collect }
            if let step = admitText(value.object.field) { return step }
            guard let copied = copiedToStore(Array(value.object.byteBuffer)) else { return .error }
            (sp - 1).pointee = copied
            return .next
        }
        guard reserve(builderGrowth(value.object.field)) else { return .collect }
        guard charge(1 + value.object.field / 64) else { return .error }
        if let step = appendReserved(value.object.byteBuffer) { return step }
        sp -= 1
        return .next
    }

    private func appendString(_ value: Value) -> Step {
        // Nothing but this string: it is the result itself.
        if bp[3].isNull, isAlone(sp - 1) {
            if bp[1].small & Interpreter.absolutePath != 0, value.object.byteBuffer.first != CanonPath.separator {
                return failRelativePath(value)
            }
            bp[2] = value
            bp[3] = Value(small: -1)
            sp -= 1
            return .next
        }
        let contexts = contextBytes(sp - 1, 1) + (bp[4].isNull ? 0 : Size.list(bp[4].object.field))
        let length = value.object.field
        guard reserve(builderGrowth(length) + contexts) else { return .collect }
        guard charge(1 + length / 64 + contexts / Interpreter.contextBytesPerUnit) else { return .error }
        if value.object.hasContext { bp[4] = joinContexts(bp[4], value.object.contextSlot.pointee) }
        if let step = appendReserved(value.object.byteBuffer) { return step }
        sp -= 1
        return .next
    }

    /// Whether no list is being walked, so that the value at the top is all that there is.
    private func isAlone(_ top: Slot) -> Bool {
        var slot = bp + 6
        while slot < top, slot[2].small < 0 { slot += 3 }
        return slot == top
    }

    /// A flag beside those of `Coercion`: the string must be an absolute path.
    static var absolutePath: Int { 0x100 }

    private func failRelativePath(_ value: Value) -> Step {
        let text = MessageText.shortened(value.object.byteBuffer)
        let step = failUnplaced(.value, "string '\(text)' doesn't represent an absolute path")
        machine.failure?.isCoercion = true
        return step
    }

    /// Appends a few bytes to the builder; what to answer when that is not possible, or not yet.
    private func appendCoerced(_ bytes: [UInt8]) -> Step? {
        guard reserve(builderGrowth(bytes.count)) else { return .collect }
        return append(bytes)
    }

    private func append(_ bytes: [UInt8]) -> Step? { bytes.withUnsafeBufferPointer { appendReserved($0) } }

    /// Bytes to reserve before so many more bytes are appended to the builder in slots 2 and 3.
    private func builderGrowth(_ more: Int) -> Int {
        let length = builtLength + more
        if !bp[2].isNull, length <= bp[2].object.field { return 0 }
        return Size.bytes(Interpreter.builderCapacity(length))
    }

    /// Bytes in the builder of the current frame.
    private var builtLength: Int { bp[3].isNull ? 0 : bp[3].small }

    /// The bytes that a builder gets which must hold so many: twice as many, so that growing costs little, as far as a
    /// header can say so.
    static func builderCapacity(_ length: Int) -> Int {
        let most = Object.mostField & ~7
        return length > most ? length : min(most, (length * 2 + 63) & ~7)
    }

    /// Appends bytes for which there is room; a failure when the evaluation must stop.
    private func appendReserved(_ bytes: UnsafeBufferPointer<UInt8>) -> Step? {
        let length = builtLength
        if bp[2].isNull || length + bytes.count > bp[2].object.field {
            let capacity = Interpreter.builderCapacity(length + bytes.count)
            let larger = take(words: 1 + capacity / 8)
            larger[0] = Object.header(Kind.bytes, field: capacity)
            if !bp[2].isNull, !copy(bp[2].object.bytes, to: larger.bytes, count: length) { return .error }
            bp[2] = Value(Tag.other, larger)
        }
        if let base = bytes.baseAddress {
            guard copy(base, to: bp[2].object.bytes + length, count: bytes.count) else { return .error }
        }
        bp[3] = Value(small: length + bytes.count)
        return nil
    }

    private func finishCoercion() -> Step {
        if bp[3].isNull { return done(state.pointee.emptyString) }
        if bp[3].small < 0 { return done(bp[2]) }
        let length = bp[3].small
        if let step = refuseLength(length) { return step }
        guard reserve(Size.string(length)) else { return .collect }
        let result = makeString(length: length, context: bp[4])
        guard copy(bp[2].object.bytes, to: result.object.bytes, count: length) else { return .error }
        return done(result)
    }
}
