import MessageText
import NixBytecode
import NixStore

/// Takes the place of the index above a set that is being coerced, and says what the value above it is.
enum Substitution {
    /// The value is being made by a call of the set's `__toString`.
    static let call = -1
    /// The value is the result of the set's `__toString`.
    static let result = -2
    /// The value is the set's `outPath`.
    static let output = -3
}

/// The frame of a coercion to a string. The values still to be coerced are above it. Below the elements of each list that
/// is being walked is a `ContainerCursor`, and so it is below the substitute of each set, with a `Substitution` in place
/// of the index.
struct CoercionFrame: BuiltinFrame {
    let value: Value
    /// The bits of a `Coercion`, and `Interpreter.absolutePath`.
    @Held var flags: Int
    /// The bytes object that strings are appended to as they are found, or the result itself.
    var text: Value
    /// Bytes that were appended; null if there are none yet, and negative if `text` is the result itself.
    @Held var length: Int
    /// The context of the strings that were appended.
    var context: Value
    @Held var phase: CoercionPhase

    var coercion: Coercion { Coercion(rawValue: UInt8(truncatingIfNeeded: flags)) }
    /// The number of bytes in the builder.
    var builtLength: Int { $length.isNull ? 0 : length }
}

enum CoercionPhase: Int, FramePhase {
    case begin
    case walking
    /// A `__toString` is being called; its result is at the top when a step begins.
    case calling
}

/// Coercion to a string as a frame, for values that need calls or are lists.
extension Interpreter {
    private var frame: CoercionFrame {
        @inline(__always) _read { yield topFrame(as: CoercionFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: CoercionFrame.self).pointee }
    }

    func coerceStep() -> Step {
        switch frame.phase {
        case .begin:
            // Each value above the frame is replaced by what it coerces to.
            guard reserveSlots(2) else { return .collect }
            frame.phase = .walking
            push(frame.value)
        case .walking: break
        case .calling:
            frame.phase = .walking
            (sp - 2).pointee = Value(small: Substitution.result)
        }
        let coercion = frame.coercion
        let bottom = above(CoercionFrame.self)
        while sp > bottom {
            let top = sp - 1
            if hasTopCursor(above: bottom) {
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

    /// Pushes the next element of the cursor's list, or removes the cursor at the end of the list.
    private func nextElement() -> Step {
        let cursor = topCursor
        let list = cursor.pointee.container.object
        let index = cursor.pointee.index
        if index < 0 || index == list.field {
            sp -= ContainerCursor.count
            return .next
        }
        guard reserveSlots(2) else { return .collect }
        let isSeparated = index > 0 && !endsEmpty(list, index - 1)
        if isSeparated {
            guard reserve(builderGrowth(1)) else { return .collect }
        }
        guard charge(1) else { return .error }
        if isSeparated, let step = append([UInt8(ascii: " ")]) { return step }
        cursor.pointee.index = index + 1
        push(cursor.pointee.container.object.values[index])
        return .next
    }

    /// As in Nix, no space follows an element that is an empty list.
    private func endsEmpty(_ list: Object, _ index: Int) -> Bool {
        let value = list.values[index].dereferenced
        return value.isList && value.object.field == 0
    }

    /// Handles one forced value: appends it, or replaces it by what it coerces to.
    private func coerceItem(_ top: Slot, _ coercion: Coercion) -> Step {
        let value = top.pointee
        if value.isString { return appendString(value) }
        if value.isPath { return coercePath(value, coercion) }
        if value.isAttributes { return coerceSet(top) }
        guard coercion.contains(.any) else { return failCoercion(value) }
        if value.isList {
            guard reserveSlots(4) else { return .collect }
            openCursor()
            return .next
        }
        if value.isInteger {
            guard reserve(builderGrowth(NumberText.longestInteger)) else { return .collect }
            if let step = NumberText.withDecimal(value.integer, { appendReserved($0) }) { return step }
        } else {
            guard let bytes = scalarText(value) else { return failCoercion(value) }
            if let step = appendCoerced(bytes) { return step }
        }
        sp -= 1
        return .next
    }

    /// The text that `toString` gives for a float, a boolean or null.
    private func scalarText(_ value: Value) -> [UInt8]? {
        if value.isFloat { return NumberText.fixed(value.float) }
        if value.isNull || value.bits == Value.false.bits { return [] }
        return value.isTrue ? [UInt8(ascii: "1")] : nil
    }

    private func coerceSet(_ top: Slot) -> Step {
        let set = top.pointee
        if let method = lookup(set.object, Symbols.toString) {
            guard reserveSlots(6) else { return .collect }
            // [set] becomes [cursor method set]. The result of the call replaces the last two.
            openCursor(at: Substitution.call)
            push(method.pointee)
            push(set)
            frame.phase = .calling
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
            guard reserveCopiedPath(value.object.field) else { return .collect }
            if let step = admitText(value.object.field) { return step }
            guard let copied = copiedToStore(value.object.byteBuffer) else { return .error }
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
        // The value is a single string, which is itself the result.
        if frame.$length.isNull, isAlone(sp - 1) {
            if frame.flags & Interpreter.absolutePath != 0, value.object.byteBuffer.first != CanonPath.separator {
                return failRelativePath(value)
            }
            frame.text = value
            frame.length = -1
            sp -= 1
            return .next
        }
        let contexts = contextBytes(sp - 1, 1) + (frame.context.isNull ? 0 : Size.list(frame.context.object.field))
        let length = value.object.field
        guard reserve(builderGrowth(length) + contexts) else { return .collect }
        guard charge(1 + length / 64 + contexts / Interpreter.contextBytesPerUnit) else { return .error }
        if value.object.hasContext {
            frame.context = joinContexts(frame.context, value.object.contextSlot.pointee)
        }
        if let step = appendReserved(value.object.byteBuffer) { return step }
        sp -= 1
        return .next
    }

    /// Whether no list is being walked, so that the value at the top of the stack is the only one.
    private func isAlone(_ top: Slot) -> Bool {
        var slot = above(CoercionFrame.self)
        while slot < top, slot.words(as: ContainerCursor.self).pointee.index < 0 { slot += ContainerCursor.count }
        return slot == top
    }

    /// A flag in addition to those of `Coercion`: the string must be an absolute path.
    static var absolutePath: Int { 0x100 }

    private func failRelativePath(_ value: Value) -> Step {
        let text = MessageText.shortened(value.object.byteBuffer)
        let step = failWithoutPosition(.value, "string '\(text)' doesn't represent an absolute path")
        machine.failure?.isCoercion = true
        return step
    }

    /// Appends a few bytes to the builder. The result is the step to answer when that is not possible, or not yet.
    private func appendCoerced(_ bytes: [UInt8]) -> Step? {
        guard reserve(builderGrowth(bytes.count)) else { return .collect }
        return append(bytes)
    }

    private func append(_ bytes: [UInt8]) -> Step? { bytes.withUnsafeBufferPointer { appendReserved($0) } }

    /// The bytes to reserve before `more` bytes are appended to the builder.
    private func builderGrowth(_ more: Int) -> Int {
        let length = frame.builtLength + more
        if !frame.text.isNull, length <= frame.text.object.field { return 0 }
        return Size.bytes(Interpreter.builderCapacity(length))
    }

    /// The capacity of a new builder for `length` bytes. It is about twice the length, so that the cost of growing is
    /// amortized, but no more than a header can hold.
    static func builderCapacity(_ length: Int) -> Int {
        let most = Object.maximumField & ~7
        return length > most ? length : min(most, (length * 2 + 63) & ~7)
    }

    /// Appends bytes, for which room was reserved. The result is not nil when the evaluation must stop.
    private func appendReserved(_ bytes: UnsafeBufferPointer<UInt8>) -> Step? {
        let length = frame.builtLength
        if frame.text.isNull || length + bytes.count > frame.text.object.field {
            let capacity = Interpreter.builderCapacity(length + bytes.count)
            let larger = allocate(words: 1 + capacity / 8)
            larger[0] = Object.header(Kind.bytes, field: capacity)
            if !frame.text.isNull, !copy(frame.text.object.bytes, to: larger.bytes, count: length) { return .error }
            frame.text = Value(Tag.other, larger)
        }
        if let base = bytes.baseAddress {
            guard copy(base, to: frame.text.object.bytes + length, count: bytes.count) else { return .error }
        }
        frame.length = length + bytes.count
        return nil
    }

    private func finishCoercion() -> Step {
        if frame.$length.isNull { return done(state.pointee.emptyString) }
        if frame.length < 0 { return done(frame.text) }
        let length = frame.length
        if let step = refuseLength(length) { return step }
        guard reserve(Size.string(length)) else { return .collect }
        let result = makeString(length: length, context: frame.context)
        guard copy(frame.text.object.bytes, to: result.object.bytes, count: length) else { return .error }
        return done(result)
    }
}
