import NixFormats

/// `toJSON` and `fromJSON`.
extension Machine {
    static let jsonBuiltins: [BuiltinDefinition] = [
        .frame("toJSON", 1, strict: [], slots: 4) { $0.toJSONStep() },
        .function("fromJSON", 1) { vm in
            guard let text = vm.expectPlainString(0) else { return .error }
            var reader = JSONReader(text.byteBuffer, room: vm.roomOutsideHeap)
            do throws(JSONError) {
                let extent = try reader.measure()
                guard vm.reserve(JSONValue.size(extent)) else { return .collect }
                guard vm.charge(1 + text.field / 16) else { return .error }
                return vm.done(JSONValue.make(reader, vm))
            } catch {
                return vm.fail(error, in: text.byteBuffer)
            }
        },
    ]
}

/// Writing JSON. Slots: value, builder, length, context, state (`peeled` while the value at the top is what a
/// `__toString` gave). Above them values to write, for a list or set being written `absent`, the container and the next
/// index, and for a set that another value stands for `absent`, the set and a `Peel`.
extension VM {
    fileprivate func fail(_ error: JSONError, in text: UnsafeBufferPointer<UInt8>) -> Step {
        if error.isLimit { return failMemory() ? .next : .error }
        guard error.isSyntax else { return fail(.value, error.message) }
        let message = error.isWording ? nil : JSONSyntaxError.message(text)
        return fail(.value, message ?? error.message, context: "while decoding a JSON string")
    }

    /// The state in which the value at the top must be a string or path, as Nix asks of what `__toString` gives.
    private static var peeled: Value { .false }

    func toJSONStep() -> Step {
        if bp[4].isNull {
            guard reserveSlots(2) else { return .collect }
            bp[4] = .true
            bp[2] = Value(small: 0)
            push(bp[0])
        }
        while sp > bp + 5 {
            let top = sp - 1
            let isCursor = top - 2 >= bp + 5 && (top - 2).pointee.bits == Value.absent.bits
            if !isCursor, (sp - 2).pointee.bits == Value(small: Peel.call).bits, isPeel(sp - 2) {
                (sp - 2).pointee = Value(small: Peel.result)
            }
            if !isCursor, !isForced(top) { return .force }
            let step = isCursor ? nextJSONElement() : writeJSON(top)
            if step != .next { return step }
            guard bp[2].small <= VM.jsonBound else { return failJSONLength() }
        }
        let length = bp[2].small
        guard reserve(Size.string(length)) else { return .collect }
        let result = makeString(length: length, context: bp[3])
        if length > 0 { result.object.bytes.update(from: bp[1].object.bytes, count: length) }
        return done(result)
    }

    /// Bytes of a JSON text, so that the builder, twice as large, has a length of 32 bits.
    private static var jsonBound: Int { 1 << 30 }

    private func failJSONLength() -> Step { fail(.value, "JSON of more than \(VM.jsonBound) bytes is too long") }

    private func writeJSON(_ top: Slot) -> Step {
        let value = top.pointee
        var text: [UInt8] = []
        let isPeeled = bp[4].bits == VM.peeled.bits
        if isPeeled, let step = refusePeeled(value) { return step }
        if value.isString || isPeeled && value.isPath {
            return writeJSONString(top)
        } else if value.isInteger {
            return writeJSONInteger(value.integer)
        } else if value.isFloat {
            text = JSONText.float(value.float)
        } else if value.isNull {
            text = Array("null".utf8)
        } else if value.isBool {
            text = Array((value.isTrue ? "true" : "false").utf8)
        } else if value.isList {
            return openJSON(top, UInt8(ascii: "["))
        } else if value.isAttributes {
            if let method = lookup(value.object, Symbols.toString) {
                guard reserveSlots(6) else { return .collect }
                bp[4] = VM.peeled
                pushPeel(top, Peel.call)
                push(method.pointee)
                push(value)
                s.pointee.callCount = 1
                return .call
            }
            if let path = lookup(value.object, Symbols.outPath) {
                guard reserveSlots(4) else { return .collect }
                pushPeel(top, Peel.output)
                push(path.pointee)
                return .next
            }
            if nameOrder(value.object.layout) == nil { return .collect }
            return openJSON(top, UInt8(ascii: "{"))
        } else if value.isPath {
            guard let copied = copiedToStore(Array(value.object.byteBuffer)) else { return .error }
            top.pointee = copied
            return .next
        } else {
            return fail(.type, "cannot convert \(typeName(value)) to JSON")
        }
        guard let out = jsonBuilder(text.count) else { return .collect }
        text.withUnsafeBufferPointer { if let base = $0.baseAddress { out.update(from: base, count: $0.count) } }
        advanceJSON(text.count)
        sp -= 1
        return .next
    }

    private func writeJSONString(_ top: Slot) -> Step {
        let string = top.pointee.object
        if let problem = UTF8Check.problem(string.byteBuffer) { return failEncoding(problem) }
        let contexts =
            string.hasContext ? string.contextSlot.pointee.object.field + (bp[3].isNull ? 0 : bp[3].object.field) : 0
        let length = JSONText.quotedLength(string.byteBuffer)
        guard length < VM.jsonBound / 2 else { return failJSONLength() }
        guard let out = jsonBuilder(length, extra: Size.list(contexts)) else { return .collect }
        _ = JSONText.quote(string.byteBuffer, to: out)
        advanceJSON(length)
        if contexts > 0 { bp[3] = joinContexts(bp[3], string.contextSlot.pointee) }
        bp[4] = .true
        sp -= 1
        return .next
    }

    /// Why a value is not what `__toString` may give; nil for a string, a path or a set that gives one in turn.
    private func refusePeeled(_ value: Value) -> Step? {
        if value.isString || value.isPath { return nil }
        guard value.isAttributes else {
            return failPeeled("`__toString` should return a string, but got \(describe(value))")
        }
        if lookup(value.object, Symbols.toString) != nil || lookup(value.object, Symbols.outPath) != nil { return nil }
        return failPeeled("`__toString` must return a string, but got \(describe(value))")
    }

    /// At the `__toString`.
    private func failPeeled(_ message: String) -> Step {
        let step = failUnplaced(.type, message)
        machine.notes.append(.failurePosition)
        return step
    }

    /// Whether a slot is the last of those that say what stands for a set.
    private func isPeel(_ slot: Slot) -> Bool {
        slot - 2 >= bp + 5 && slot[-2].bits == Value.absent.bits && slot[-1].isAttributes
    }

    private func failEncoding(_ problem: String) -> Step {
        fail(.value, "JSON serialization error: [json.exception.type_error.316] \(problem)")
    }

    private func writeJSONInteger(_ number: Int64) -> Step {
        // 20 digits and a sign.
        guard let out = jsonBuilder(21) else { return .collect }
        var magnitude = number.magnitude
        var digits = 1
        var bound: UInt64 = 10
        while digits < 20, magnitude >= bound {
            digits += 1
            bound = digits < 20 ? bound &* 10 : bound
        }
        let sign = number < 0 ? 1 : 0
        if sign == 1 { out.pointee = UInt8(ascii: "-") }
        var place = sign + digits
        repeat {
            place -= 1
            out[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude % 10)
            magnitude /= 10
        } while place > sign
        advanceJSON(sign + digits)
        sp -= 1
        return .next
    }

    private func openJSON(_ top: Slot, _ bracket: UInt8) -> Step {
        guard reserveSlots(4) else { return .collect }
        guard let out = jsonBuilder(1) else { return .collect }
        out.pointee = bracket
        advanceJSON(1)
        let value = top.pointee
        top.pointee = .absent
        push(value)
        push(Value(small: 0))
        return .next
    }

    private func nextJSONElement() -> Step {
        let cursor = sp - 1
        let container = (sp - 2).pointee
        let index = cursor.pointee.small
        let isList = container.isList
        if index < 0 {
            sp -= 3
            return .next
        }
        if index == container.object.field {
            guard let out = jsonBuilder(1) else { return .collect }
            out.pointee = isList ? UInt8(ascii: "]") : UInt8(ascii: "}")
            advanceJSON(1)
            sp -= 3
            return .next
        }
        guard reserveSlots(4) else { return .collect }
        let comma = index > 0 ? 1 : 0
        var place = index
        var length = comma
        var key: UnsafeBufferPointer<UInt8>?
        if !isList {
            guard let order = nameOrder(container.object.layout) else { return .collect }
            place = Int(order[index])
            let name = s.pointee.symbols.bytes(container.object.layout.entries[place].symbol)
            if let problem = UTF8Check.problem(name) { return failEncoding(problem) }
            length += JSONText.quotedLength(name) + 1
            key = name
        }
        guard let out = jsonBuilder(length) else { return .collect }
        if comma == 1 { out.pointee = UInt8(ascii: ",") }
        if let key { JSONText.quote(key, to: out + comma).pointee = UInt8(ascii: ":") }
        advanceJSON(length)
        guard charge(1) else { return .error }
        cursor.pointee = Value(small: index + 1)
        let values = isList ? (sp - 2).pointee.object.values : (sp - 2).pointee.object.attributeValues
        push(values[place])
        return .next
    }

    /// Where so many bytes go on at the builder's end; nil when room must be made first.
    private func jsonBuilder(_ count: Int, extra: Int = 0) -> UnsafeMutablePointer<UInt8>? {
        let length = bp[2].small
        let fits = !bp[1].isNull && length + count <= bp[1].object.field
        let capacity = ((length + count) * 2 + 127) & ~7
        guard reserve((fits ? 0 : 8 + capacity) + extra) else { return nil }
        if !fits {
            let larger = take(words: 1 + capacity / 8)
            larger[0] = Object.header(Kind.bytes, field: capacity)
            if !bp[1].isNull { larger.bytes.update(from: bp[1].object.bytes, count: length) }
            bp[1] = Value(Tag.other, larger)
        }
        return bp[1].object.bytes + length
    }

    private func advanceJSON(_ count: Int) { bp[2] = Value(small: bp[2].small + count) }
}
