/// `toXML`, and the printing of results as XML.
extension Machine {
    static let xmlBuiltins: [BuiltinDefinition] = [
        .frame("toXML", 1, strict: [], slots: 6) { vm in
            if vm.bp[1].isNull { vm.bp[1] = Value(small: XMLOptions.strict.rawValue) }
            return vm.writeXMLStep()
        }
    ]

    /// Begins to write a value as XML; `resume` runs it, and the result is a string.
    ///
    /// - Parameters:
    ///   - isStrict: forces what lies in the value; else it is written as `<unevaluated />`.
    ///   - hasLocation: says where attributes and functions stand.
    public func startXML(_ handle: ValueHandle, isStrict: Bool, hasLocation: Bool) {
        var options: XMLOptions = []
        if isStrict { options.insert(.strict) }
        if hasLocation { options.insert(.location) }
        startMachineBuiltin(Builtin.writeXML, [s.pointee.roots[handle.root], Value(small: options.rawValue)])
    }
}

struct XMLOptions: OptionSet {
    let rawValue: Int
    static let strict = XMLOptions(rawValue: 1)
    static let location = XMLOptions(rawValue: 2)
}

/// Writing XML without native recursion.
///
/// Slots: value, options, builder, length, context, derivations seen (sorted by path), elements open. Above them the
/// values being written; one whose elements are being written has become `absent`, itself and a cursor: twice the index
/// of the next, plus one for a derivation.
extension VM {
    private static let slots = 7

    private var options: XMLOptions { XMLOptions(rawValue: bp[1].small) }

    func writeXMLStep() -> Step {
        if bp[6].isNull {
            guard reserveSlots(2) else { return .collect }
            guard appendXML("<?xml version='1.0' encoding='utf-8'?>\n<expr>\n") else { return .collect }
            bp[6] = Value(small: 1)
            push(bp[0])
        }
        while sp > bp + VM.slots {
            let top = sp - 1
            let isCursor = top - 2 >= bp + VM.slots && (top - 2).pointee.bits == Value.absent.bits
            let step = isCursor ? nextXMLElement() : writeXML(top)
            if step != .next { return step }
        }
        let tail = Array("</expr>\n".utf8)
        let length = bp[3].small
        guard length + tail.count <= Int(UInt32.max) else {
            return fail(.value, "string of \(length) bytes is too long")
        }
        guard reserve(Size.string(length + tail.count)) else { return .collect }
        let result = makeString(length: length + tail.count, context: bp[4])
        result.object.bytes.update(from: bp[2].object.bytes, count: length)
        for (index, byte) in tail.enumerated() { result.object.bytes[length + index] = byte }
        return done(result)
    }

    private func indent(_ depth: Int) -> [UInt8] { [UInt8](repeating: UInt8(ascii: " "), count: 2 * depth) }

    /// Writes the value at the top, or opens it.
    private func writeXML(_ top: Slot) -> Step {
        let isValue = isForced(top)
        if !isValue, options.contains(.strict) { return .force }
        let value = top.pointee
        var text = indent(bp[6].small)
        func element(_ name: String, _ bytes: [UInt8]) {
            text += Array("<\(name) value=\"".utf8)
            XMLText.escape(bytes, into: &text)
            text += Array("\" />\n".utf8)
        }
        if !isValue {
            text += Array("<unevaluated />\n".utf8)
        } else if value.isString {
            element("string", Array(value.object.byteBuffer))
        } else if value.isInteger {
            element("int", Array(String(value.integer).utf8))
        } else if value.isFloat {
            element("float", NumberText.general(value.float))
        } else if value.isBool {
            element("bool", Array((value.isTrue ? "true" : "false").utf8))
        } else if value.isPath {
            element("path", Array(value.object.byteBuffer))
        } else if value.isNull {
            text += Array("<null />\n".utf8)
        } else if value.isList {
            return openXML(top, text + Array("<list>\n".utf8), isDerivation: false)
        } else if value.isAttributes {
            return writeXMLSet(top, text)
        } else {
            text += xmlFunction(value, depth: text.count / 2)
        }
        let contexts = value.isString && value.object.hasContext ? joinedContextSize(value) : 0
        guard appendXML(text, extra: contexts) else { return .collect }
        if contexts > 0 { bp[4] = joinContexts(bp[4], top.pointee.object.contextSlot.pointee) }
        sp -= 1
        return .next
    }

    private func joinedContextSize(_ value: Value) -> Int {
        Size.list(value.object.contextSlot.pointee.object.field + (bp[4].isNull ? 0 : bp[4].object.field))
    }

    private func openXML(_ top: Slot, _ text: [UInt8], isDerivation: Bool) -> Step {
        guard reserveSlots(4) else { return .collect }
        guard appendXML(text) else { return .collect }
        enterXML(top, isDerivation: isDerivation)
        return .next
    }

    /// Makes the value at the top the container whose elements follow.
    private func enterXML(_ top: Slot, isDerivation: Bool) {
        let value = top.pointee
        top.pointee = .absent
        push(value)
        push(Value(small: isDerivation ? 1 : 0))
        bp[6] = Value(small: bp[6].small + 1)
    }

    private func nextXMLElement() -> Step {
        let cursor = sp - 1
        let container = (sp - 2).pointee
        let index = cursor.pointee.small / 2
        let isDerivation = cursor.pointee.small & 1 != 0
        let hasOpenAttribute = index > 0 && !container.isList
        let depth = bp[6].small - (hasOpenAttribute ? 1 : 0)
        var text = hasOpenAttribute ? indent(depth) + Array("</attr>\n".utf8) : []
        if index == container.object.field {
            let name = container.isList ? "list" : isDerivation ? "derivation" : "attrs"
            text += indent(depth - 1) + Array("</\(name)>\n".utf8)
            guard appendXML(text) else { return .collect }
            bp[6] = Value(small: depth - 1)
            sp -= 3
            return .next
        }
        guard reserveSlots(4) else { return .collect }
        var place = index
        if !container.isList {
            guard let order = nameOrder(container.object.layout) else { return .collect }
            place = Int(order[index])
            text += indent(depth) + attributeTag(container.object.layout.entries[place])
        }
        guard appendXML(text) else { return .collect }
        guard charge(1 + depth / 32) else { return .error }
        bp[6] = Value(small: depth + (container.isList ? 0 : 1))
        cursor.pointee = Value(small: cursor.pointee.small + 2)
        let object = (sp - 2).pointee.object
        push((container.isList ? object.values : object.attributeValues)[place])
        return .next
    }

    private func attributeTag(_ entry: LayoutEntry) -> [UInt8] {
        var attributes: [(String, [UInt8])] = [("name", Array(s.pointee.symbols.bytes(entry.symbol)))]
        if options.contains(.location), let position = machine.attributePosition(entry.position) {
            attributes = xmlPosition(position) + attributes
        }
        return XMLText.tag("attr", attributes.sorted { $0.0 < $1.0 })
    }

    /// The attributes of a position, by name.
    private func xmlPosition(_ position: SourcePosition) -> [(String, [UInt8])] {
        guard let line = position.line, let column = position.column else { return [] }
        var attributes = [("column", Array(String(column).utf8)), ("line", Array(String(line).utf8))]
        if position.source.hasPrefix("/") { attributes.append(("path", Array(position.source.utf8))) }
        return attributes
    }

    // MARK: Sets

    private func writeXMLSet(_ top: Slot, _ text: [UInt8]) -> Step {
        let set = top.pointee.object
        if let type = lookup(set, Symbols.type) {
            if !isForced(type) { return .force }
            if type.pointee.isString, type.pointee.object.byteBuffer.elementsEqual("derivation".utf8) {
                return writeXMLDerivation(top, text)
            }
        }
        if nameOrder(set.layout) == nil { return .collect }
        return openXML(top, text + Array("<attrs>\n".utf8), isDerivation: false)
    }

    /// A derivation is written once; then only its paths are told again.
    private func writeXMLDerivation(_ top: Slot, _ text: [UInt8]) -> Step {
        let set = top.pointee.object
        var attributes: [(String, [UInt8])] = []
        for (name, symbol) in [("drvPath", Symbols.drvPath), ("outPath", Symbols.outPath)] {
            guard let slot = lookup(set, symbol) else { continue }
            if !isForced(slot) {
                if options.contains(.strict) { return .force }
                continue
            }
            if slot.pointee.isString { attributes.append((name, Array(slot.pointee.object.byteBuffer))) }
        }
        if nameOrder(set.layout) == nil { return .collect }
        var text = text
        let depth = text.count / 2
        text += XMLText.tag("derivation", attributes)
        guard let path = attributes.first, path.0 == "drvPath", !path.1.isEmpty,
            let drvPath = lookup(set, Symbols.drvPath)?.pointee
        else { return repeatDerivation(text, depth) }
        let (index, isKnown) = placeOfDerivation(path.1)
        if isKnown { return repeatDerivation(text, depth) }
        let seen = bp[5].isNull ? 0 : bp[5].object.field
        guard reserveSlots(4) else { return .collect }
        guard appendXML(text, extra: Size.array(seen + 1)) else { return .collect }
        noteDerivation(drvPath, at: index)
        enterXML(top, isDerivation: true)
        return .next
    }

    private func repeatDerivation(_ text: [UInt8], _ depth: Int) -> Step {
        let rest = indent(depth + 1) + Array("<repeated />\n".utf8) + indent(depth) + Array("</derivation>\n".utf8)
        guard appendXML(text + rest) else { return .collect }
        sp -= 1
        return .next
    }

    /// Where a path stands, or should, among the derivations seen.
    private func placeOfDerivation(_ path: [UInt8]) -> (index: Int, isKnown: Bool) {
        var low = 0
        var high = bp[5].isNull ? 0 : bp[5].object.field
        return path.withUnsafeBufferPointer { path in
            while low < high {
                let middle = (low + high) / 2
                let order = compareBytes(bp[5].object.values[middle].object.byteBuffer, path)
                if order == 0 { return (middle, true) }
                if order < 0 { low = middle + 1 } else { high = middle }
            }
            return (low, false)
        }
    }

    /// `Size.array` of one more reserved.
    private func noteDerivation(_ path: Value, at index: Int) {
        let count = bp[5].isNull ? 0 : bp[5].object.field
        let larger = take(words: 2 + count)
        larger[0] = Object.header(Kind.array, field: count + 1)
        if count > 0 {
            larger.values.update(from: bp[5].object.values, count: index)
            (larger.values + (index + 1)).update(from: bp[5].object.values + index, count: count - index)
        }
        larger.values[index] = path
        bp[5] = Value(Tag.other, larger)
    }

    // MARK: Functions

    private func xmlFunction(_ value: Value, depth: Int) -> [UInt8] {
        guard let function = machine.nextParameter(of: value) else { return Array("<unevaluated />\n".utf8) }
        var text = XMLText.tag(
            "function", options.contains(.location) ? function.position.map { xmlPosition($0) } ?? [] : [])
        let name = function.name.map { [("name", $0)] } ?? []
        if let formals = function.formals {
            text += indent(depth + 1)
            text += XMLText.tag("attrspat", (formals.hasEllipsis ? [("ellipsis", [UInt8(ascii: "1")])] : []) + name)
            for formal in formals.names {
                text += indent(depth + 2) + XMLText.tag("attr", [("name", formal)], isEmpty: true)
            }
            text += indent(depth + 1) + Array("</attrspat>\n".utf8)
        } else {
            text += indent(depth + 1) + XMLText.tag("varpat", name, isEmpty: true)
        }
        return text + indent(depth) + Array("</function>\n".utf8)
    }

    // MARK: The builder

    private func appendXML(_ text: String) -> Bool { appendXML(Array(text.utf8)) }

    /// Appends to the builder; false when room must be made first. `extra` bytes are reserved with it.
    private func appendXML(_ bytes: [UInt8], extra: Int = 0) -> Bool {
        let length = bp[3].isNull ? 0 : bp[3].small
        let fits = !bp[2].isNull && length + bytes.count <= bp[2].object.field
        let capacity = ((length + bytes.count) * 2 + 127) & ~7
        guard reserve((fits ? 0 : 8 + capacity) + extra) else { return false }
        if !fits {
            let larger = take(words: 1 + capacity / 8)
            larger[0] = Object.header(Kind.bytes, field: capacity)
            if !bp[2].isNull { larger.bytes.update(from: bp[2].object.bytes, count: length) }
            bp[2] = Value(Tag.other, larger)
        }
        bytes.withUnsafeBufferPointer {
            if let base = $0.baseAddress { (bp[2].object.bytes + length).update(from: base, count: $0.count) }
        }
        bp[3] = Value(small: length + bytes.count)
        return true
    }
}

/// Pieces of XML text.
private enum XMLText {
    static func escape(_ bytes: [UInt8], into text: inout [UInt8]) {
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""): text += Array("&quot;".utf8)
            case UInt8(ascii: "<"): text += Array("&lt;".utf8)
            case UInt8(ascii: ">"): text += Array("&gt;".utf8)
            case UInt8(ascii: "&"): text += Array("&amp;".utf8)
            // A line end in an attribute would be read back as a space.
            case UInt8(ascii: "\n"): text += Array("&#xA;".utf8)
            default: text.append(byte)
            }
        }
    }

    static func tag(_ name: String, _ attributes: [(String, [UInt8])], isEmpty: Bool = false) -> [UInt8] {
        var text = Array("<\(name)".utf8)
        for (name, value) in attributes {
            text += Array(" \(name)=\"".utf8)
            escape(value, into: &text)
            text.append(UInt8(ascii: "\""))
        }
        return text + Array((isEmpty ? " />\n" : ">\n").utf8)
    }
}

extension Machine {
    /// What a function takes next, for printing: a name, or names of a pattern, sorted.
    struct NextParameter {
        var name: [UInt8]?
        var formals: (names: [[UInt8]], hasEllipsis: Bool)?
        var position: SourcePosition?
    }

    /// Nil for what is no function written in Nix.
    func nextParameter(of value: Value) -> NextParameter? {
        guard let (loaded, applied) = writtenFunction(value) else { return nil }
        let program = programs[Int(loaded.program)]
        let chunk = program.chunk(Int(loaded.index))
        guard applied < chunk.parameters.count else { return nil }
        var parameter = NextParameter(name: chunk.parameters[applied].map { name(of: $0, in: program) })
        if applied == Int(chunk.arity) - 1, let index = chunk.formals {
            let formals = program.program.formals[Int(index)]
            parameter.formals = (
                formals.formals.map { name(of: $0.symbol, in: program) }
                    .sorted { $0.lexicographicallyPrecedes($1) }, formals.hasEllipsis
            )
        }
        let span = applied < chunk.spans.count ? chunk.spans[applied] : chunk.spans.first
        parameter.position = position(in: Int(loaded.program), span: span)
        return parameter
    }
}
