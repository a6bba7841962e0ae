import NixFormats

/// `toJSON` and `fromJSON`.
extension Builtin {
    static let json: [Builtin] = [
        .frame(
            "toJSON", [.checked("x", isLazy: true)], frame: JSONFrame.self, since: "1.7",
            "A value as JSON. A set with `__toString` or `outPath` is what that gives.",
            backtrace: BacktraceHook { interpreter, _ in interpreter.noteJSON() }
        ) { $0.toJSONStep() },
        .function("fromJSON", [.evaluated("json")], since: "1.8", "The value that a text in JSON holds.") {
            $0.fromJSON()
        },
    ]
}

/// Reading JSON.
extension Interpreter {
    fileprivate func fromJSON() -> Step {
        guard let text = expectPlainString(0) else { return .error }
        let bytes = ByteView(text.bytes)
        let mark = fuelMark
        var meter = makeMeter()
        var reader = JSONReader(bytes)
        do throws(JSONError) {
            let extent = try reader.measure(&meter)
            settle(meter)
            guard reserve(JSONValue.size(extent), outside: meter.usedBytes + JSONValue.workSize(extent)) else {
                return refundIfRetried(.collect, since: mark)
            }
            guard charge(1) else { return .error }
            return makeJSON(reader, JSONValue(self, text.bytes, extent, taken: meter.usedBytes))
        } catch {
            return fail(error, in: bytes, &meter, since: mark)
        }
    }

    private func makeJSON(_ reader: borrowing JSONReader, _ value: consuming JSONValue) -> Step {
        do throws(WorkStop) {
            try reader.withTokens { (tokens) throws(WorkStop) in
                for token in tokens where !value.add(token) { throw .interrupted }
            }
            return done(value.finish())
        } catch {
            return .error
        }
    }

    private func fail(
        _ error: JSONError, in text: ByteView, _ meter: inout WorkMeter, since mark: Int
    ) -> Step {
        do throws(WorkStop) {
            var message: String
            switch error {
            case .stopped(let stop): throw stop
            case .refused(let reason):
                settle(meter)
                return fail(.value, reason)
            case .libraryMessage(let wording): message = wording
            case .syntax(let reason): message = try JSONSyntaxError.message(text, &meter) ?? reason
            }
            settle(meter)
            return fail(.value, message, context: "while decoding a JSON string")
        } catch {
            return stopped(error, meter, since: mark)
        }
    }
}

/// The frame of `toJSON`. Above it lie values to be written, and cursors of the containers around them; a set that another
/// value stands for has a cursor with a `Substitution`.
struct JSONFrame: BuiltinFrame {
    let value: Value
    var text: TextBuilder.State
    /// The joined contexts of the strings that were written; null for none.
    var context: Value
    @Held var phase: JSONPhase
}

enum JSONPhase: Int, FramePhase {
    case begin
    case writing
    /// The value at the top is what a `__toString` gave: it must be a string or path, or a set that stands for one.
    case substituting
}

/// Writing JSON.
extension Interpreter {
    private var frame: JSONFrame {
        @inline(__always) _read { yield topFrame(as: JSONFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: JSONFrame.self).pointee }
    }

    func toJSONStep() -> Step {
        if frame.phase == .begin {
            guard reserveSlots(2) else { return .collect }
            frame.phase = .writing
            push(frame.value)
        }
        let bottom = above(JSONFrame.self)
        while sp > bottom {
            let step: Step
            if hasTopCursor(above: bottom) {
                step = nextJSONElement()
            } else {
                if (sp - 2).pointee.bits == Value(small: Substitution.call).bits, isSubstitution(sp - 2) {
                    (sp - 2).pointee = Value(small: Substitution.result)
                }
                if !isForced(sp - 1) { return .force }
                step = writeJSON(sp - 1)
            }
            if step != .next { return step }
        }
        var builder = jsonBuilder
        guard let result = builder.finish(context: frame.context) else { return builder.step }
        return done(result)
    }

    private var jsonBuilder: TextBuilder { TextBuilder(self, &frame.text) }

    private func writeJSON(_ top: Slot) -> Step {
        let value = top.pointee
        let isSubstitute = frame.phase == .substituting
        if isSubstitute, let step = refuseSubstitute(value) { return step }
        if value.isString || isSubstitute && value.isPath { return writeJSONString(top) }
        if value.isInteger { return writeJSONInteger(value.integer) }
        if value.isFloat { return writeJSONScalar(JSONText.float(value.float)) }
        if value.isNull { return writeJSONScalar(Array("null".utf8)) }
        if value.isBool { return writeJSONScalar(Array((value.isTrue ? "true" : "false").utf8)) }
        if value.isList { return openJSON(UInt8(ascii: "[")) }
        if value.isAttributes { return writeJSONSet(top) }
        guard value.isPath else { return fail(.type, "cannot convert \(typeName(value)) to JSON") }
        guard reserveCopiedPath(value.object.field), reserveCopies(4, of: value.object) else { return .collect }
        guard let copied = copiedToStore(value.object.byteBuffer) else { return .error }
        top.pointee = copied
        return .next
    }

    private func writeJSONScalar(_ text: [UInt8]) -> Step {
        var builder = jsonBuilder
        guard let out = builder.room(text.count) else { return builder.step }
        text.withUnsafeBufferPointer { if let base = $0.baseAddress { out.update(from: base, count: $0.count) } }
        builder.advance(text.count)
        sp -= 1
        return .next
    }

    /// Opens a set, or asks for what stands for it.
    private func writeJSONSet(_ top: Slot) -> Step {
        let value = top.pointee
        if let method = lookup(value.object, Symbols.toString) {
            guard reserveSlots(6) else { return .collect }
            frame.phase = .substituting
            openCursor(at: Substitution.call)
            push(method.pointee)
            push(value)
            state.pointee.callCount = 1
            return .call
        }
        if let path = lookup(value.object, Symbols.outPath) {
            guard reserveSlots(4) else { return .collect }
            openCursor(at: Substitution.output)
            push(path.pointee)
            return .next
        }
        if nameOrder(of: value.attributes) == nil { return .collect }
        return openJSON(UInt8(ascii: "{"))
    }

    private func writeJSONString(_ top: Slot) -> Step {
        let string = top.pointee.string
        let mark = fuelMark
        guard let length = quotedLength(string.bytes) else { return .error }
        let contexts =
            string.hasContext ? string.contextCount + (frame.context.isNull ? 0 : frame.context.list.count) : 0
        var builder = jsonBuilder
        guard let out = builder.room(length, extra: Size.list(contexts)) else {
            return refundIfRetried(builder.step, since: mark)
        }
        guard writeQuoted(string.bytes, length, to: out) else { return .error }
        builder.advance(length)
        if contexts > 0 { frame.context = joinContexts(frame.context, string.object.contextSlot.pointee) }
        frame.phase = .writing
        sp -= 1
        return .next
    }

    /// Bytes that a string takes in JSON, for which units are charged; nil with `failure` set. Nothing else
    /// may fail between this and `writeQuoted`.
    @inline(__always)
    private func quotedLength(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        let view = ByteView(bytes)
        if view.count > Interpreter.blockBytes { return longQuotedLength(view) }
        guard charge(view.count / 16) else { return nil }
        if let problem = UTF8Check.problem(view) {
            _ = failEncoding(problem)
            return nil
        }
        return JSONText.quotedLength(view)
    }

    @inline(never)
    private func longQuotedLength(_ view: ByteView) -> Int? {
        var check = UTF8Check(view)
        var length = 2
        let isRead = inBlocks(view.count, bytesPerUnit: 32) { block in
            if let problem = check.problem(upTo: block.upperBound) {
                _ = failEncoding(problem)
                return false
            }
            length += JSONText.escapedLength(view[block])
            return true
        }
        return isRead ? length : nil
    }

    /// Writes a string of so many bytes in JSON; false with `failure` set.
    @inline(__always)
    private func writeQuoted(
        _ bytes: UnsafeBufferPointer<UInt8>, _ length: Int, to out: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        let view = ByteView(bytes)
        let room = MutableByteView(out, count: length)
        if view.count <= Interpreter.blockBytes {
            _ = JSONText.quote(view, to: room)
            return true
        }
        out[0] = UInt8(ascii: "\"")
        out[length - 1] = UInt8(ascii: "\"")
        var end = 1
        return inBlocks(view.count, bytesPerUnit: 32) { block in
            end = JSONText.escape(view[block], to: room, at: end)
            return true
        }
    }

    /// Why a value is not what `__toString` may give; nil for a string, a path or a set that gives one in turn.
    private func refuseSubstitute(_ value: Value) -> Step? {
        if value.isString || value.isPath { return nil }
        guard value.isAttributes else {
            return failSubstitution("`__toString` should return a string, but got \(describe(value))")
        }
        if lookup(value.object, Symbols.toString) != nil || lookup(value.object, Symbols.outPath) != nil { return nil }
        return failSubstitution("`__toString` must return a string, but got \(describe(value))")
    }

    /// At the `__toString`.
    private func failSubstitution(_ message: String) -> Step {
        let step = failWithoutPosition(.type, message)
        machine.notes.append(.failurePosition)
        return step
    }

    /// Whether a slot is the last of those that say what stands for a set.
    private func isSubstitution(_ slot: Slot) -> Bool {
        slot - 2 >= above(JSONFrame.self) && slot[-2].bits == Value.absent.bits && slot[-1].isAttributes
    }

    private func failEncoding(_ problem: String) -> Step {
        fail(.value, "JSON serialization error: [json.exception.type_error.316] \(problem)")
    }

    private func writeJSONInteger(_ number: Int64) -> Step {
        // 20 digits and a sign.
        var builder = jsonBuilder
        guard let out = builder.room(21) else { return builder.step }
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
        builder.advance(sign + digits)
        sp -= 1
        return .next
    }

    private func openJSON(_ bracket: UInt8) -> Step {
        guard reserveSlots(4) else { return .collect }
        var builder = jsonBuilder
        guard let out = builder.room(1) else { return builder.step }
        out.pointee = bracket
        builder.advance(1)
        openCursor()
        return .next
    }

    /// Goes on with the container of the cursor at the top.
    private func nextJSONElement() -> Step {
        let cursor = topCursor
        let container = cursor.pointee.container
        let index = cursor.pointee.index
        if index < 0 {
            sp -= ContainerCursor.count
            return .next
        }
        var builder = jsonBuilder
        if index == container.object.field {
            guard let out = builder.room(1) else { return builder.step }
            out.pointee = container.isList ? UInt8(ascii: "]") : UInt8(ascii: "}")
            builder.advance(1)
            sp -= ContainerCursor.count
            return .next
        }
        guard reserveSlots(4) else { return .collect }
        let comma = index > 0 ? 1 : 0
        var place = index
        var length = comma
        let mark = fuelMark
        var key: UnsafeBufferPointer<UInt8>?
        if !container.isList {
            let set = container.attributes
            guard let order = nameOrder(of: set) else { return .collect }
            place = Int(order[index])
            let name = state.pointee.symbols.bytes(set.entries[place].symbol)
            guard let quoted = quotedLength(name) else { return .error }
            length += quoted + 1
            key = name
        }
        guard let out = builder.room(length) else {
            return refundIfRetried(builder.step, since: mark)
        }
        guard charge(1) else { return .error }
        if comma == 1 { out.pointee = UInt8(ascii: ",") }
        if let key {
            let quoted = length - comma - 1
            guard writeQuoted(key, quoted, to: out + comma) else { return .error }
            out[comma + quoted] = UInt8(ascii: ":")
        }
        builder.advance(length)
        cursor.pointee.index = index + 1
        push(container.isList ? container.list[place] : container.attributes.values[place])
        return .next
    }
}
