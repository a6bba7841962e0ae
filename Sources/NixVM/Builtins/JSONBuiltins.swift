/// `toJSON` and `fromJSON`.
extension Machine {
    static let jsonBuiltins: [BuiltinDefinition] = [
        .frame("toJSON", 1, strict: [], slots: 4) { $0.toJSONStep() },
        .function("fromJSON", 1) { vm in
            guard let text = vm.expectString(0) else { return .error }
            var reader = JSONReader(text.byteBuffer)
            do throws(JSONError) {
                let size = try reader.measure()
                guard vm.reserve(size) else { return .collect }
                guard vm.charge(1 + text.field / 16) else { return .error }
                return vm.done(try reader.build(vm))
            } catch {
                return vm.fail(.value, "parsing JSON: \(error.message)")
            }
        },
    ]
}

/// Writing JSON. Slots: value, builder, length, context, state. Above them values to write, and for a list or set being
/// written `absent`, the container and the next index.
extension VM {
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
            if !isCursor, !isForced(top) { return .force }
            let step = isCursor ? nextJSONElement() : writeJSON(top)
            if step != .next { return step }
        }
        let length = bp[2].small
        guard length <= Int(UInt32.max) else { return fail(.value, "string of \(length) bytes is too long") }
        guard reserve(Size.string(length)) else { return .collect }
        let result = makeString(length: length, context: bp[3])
        if length > 0 { result.object.bytes.update(from: bp[1].object.bytes, count: length) }
        return done(result)
    }

    private func writeJSON(_ top: Slot) -> Step {
        let value = top.pointee
        var text: [UInt8] = []
        if value.isString {
            JSONText.quote(value.object.byteBuffer, into: &text)
        } else if value.isInteger {
            text = Array(String(value.integer).utf8)
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
                guard reserveSlots(4) else { return .collect }
                top.pointee = method.pointee
                push(value)
                s.pointee.callCount = 1
                return .call
            }
            if let path = lookup(value.object, Symbols.outPath) {
                top.pointee = path.pointee
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
        var contexts = 0
        if value.isString, value.object.hasContext {
            contexts = value.object.contextSlot.pointee.object.field + (bp[3].isNull ? 0 : bp[3].object.field)
        }
        guard appendJSON(text, extra: Size.list(contexts)) else { return .collect }
        if contexts > 0 { bp[3] = joinContexts(bp[3], top.pointee.object.contextSlot.pointee) }
        sp -= 1
        return .next
    }

    private func openJSON(_ top: Slot, _ bracket: UInt8) -> Step {
        guard reserveSlots(4) else { return .collect }
        guard appendJSON([bracket]) else { return .collect }
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
        if index == container.object.field {
            guard appendJSON([isList ? UInt8(ascii: "]") : UInt8(ascii: "}")]) else { return .collect }
            sp -= 3
            return .next
        }
        guard reserveSlots(4) else { return .collect }
        var text: [UInt8] = index > 0 ? [UInt8(ascii: ",")] : []
        var place = index
        if !isList {
            guard let order = nameOrder(container.object.layout) else { return .collect }
            place = Int(order[index])
            JSONText.quote(
                s.pointee.symbols.bytes(container.object.layout.entries[place].symbol), into: &text)
            text.append(UInt8(ascii: ":"))
        }
        guard appendJSON(text) else { return .collect }
        guard charge(1) else { return .error }
        cursor.pointee = Value(small: index + 1)
        let values = isList ? (sp - 2).pointee.object.values : (sp - 2).pointee.object.attributeValues
        push(values[place])
        return .next
    }

    /// Appends to the builder; false when room must be made first.
    private func appendJSON(_ bytes: [UInt8], extra: Int = 0) -> Bool {
        let length = bp[2].small
        let fits = !bp[1].isNull && length + bytes.count <= bp[1].object.field
        let capacity = ((length + bytes.count) * 2 + 127) & ~7
        guard reserve((fits ? 0 : 8 + capacity) + extra) else { return false }
        if !fits {
            let larger = take(words: 1 + capacity / 8)
            larger[0] = Object.header(Kind.bytes, field: capacity)
            if !bp[1].isNull { larger.bytes.update(from: bp[1].object.bytes, count: length) }
            bp[1] = Value(Tag.other, larger)
        }
        bytes.withUnsafeBufferPointer {
            if let base = $0.baseAddress { (bp[1].object.bytes + length).update(from: base, count: $0.count) }
        }
        bp[2] = Value(small: length + bytes.count)
        return true
    }
}

/// Pieces of JSON text.
public enum JSONText {
    /// Appends a JSON string.
    public static func quote(_ bytes: UnsafeBufferPointer<UInt8>, into out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
            case 0x08: out += Array("\\b".utf8)
            case 0x0C: out += Array("\\f".utf8)
            case 0x0A: out += Array("\\n".utf8)
            case 0x0D: out += Array("\\r".utf8)
            case 0x09: out += Array("\\t".utf8)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                out += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }

    /// The shortest text that reads back as the same float.
    static func float(_ value: Double) -> [UInt8] {
        if !value.isFinite { return Array("null".utf8) }
        var text = "\(value)"
        // Swift writes 1e+20 as 1e+20 and 1e16 as 1e+16; small exponents as 1e-05.
        if text.hasSuffix(".0"), abs(value) >= 1e15 { text = exponentForm(value) }
        return Array(text.utf8)
    }

    private static func exponentForm(_ value: Double) -> String {
        var digits = "\(value)".dropLast(2).description
        let sign = digits.hasPrefix("-") ? "-" : ""
        if !sign.isEmpty { digits.removeFirst() }
        let exponent = digits.count - 1
        if exponent < 15 { return sign + digits + ".0" }
        let trimmed = digits.reversed().drop { $0 == "0" }.reversed()
        let mantissa = String(trimmed)
        let fraction = mantissa.dropFirst()
        return sign + mantissa.prefix(1) + (fraction.isEmpty ? "" : "." + fraction) + "e+" + String(exponent)
    }
}
