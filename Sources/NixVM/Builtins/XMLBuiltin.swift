import NixFormats

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
            var text = XMLText(indent: 0)
            text.add("<?xml version='1.0' encoding='utf-8'?>\n<expr>\n")
            guard appendXML(text) else { return .collect }
            bp[6] = Value(small: 1)
            push(bp[0])
        }
        while sp > bp + VM.slots {
            let top = sp - 1
            let isCursor = top - 2 >= bp + VM.slots && (top - 2).pointee.bits == Value.absent.bits
            let step = isCursor ? nextXMLElement() : writeXML(top)
            if step != .next { return step }
        }
        return finishXML()
    }

    private func finishXML() -> Step {
        let length = bp[3].small
        let tail: StaticString = "</expr>\n"
        guard length + tail.utf8CodeUnitCount <= Int(UInt32.max) else {
            return fail(.value, "string of \(length) bytes is too long")
        }
        guard reserve(Size.string(length + tail.utf8CodeUnitCount)) else { return .collect }
        let result = makeString(length: length + tail.utf8CodeUnitCount, context: bp[4])
        result.object.bytes.update(from: bp[2].object.bytes, count: length)
        (result.object.bytes + length).update(from: tail.utf8Start, count: tail.utf8CodeUnitCount)
        return done(result)
    }

    /// Writes the value at the top, or opens it.
    private func writeXML(_ top: Slot) -> Step {
        let isValue = isForced(top)
        if !isValue, options.contains(.strict) { return .force }
        let value = top.pointee
        var text = XMLText(indent: bp[6].small)
        if !isValue {
            text.add("<unevaluated />\n")
        } else if value.isString {
            text.element("<string", value.object.byteBuffer)
        } else if value.isInteger {
            text.element("<int", Array(String(value.integer).utf8))
        } else if value.isFloat {
            text.element("<float", NumberText.general(value.float))
        } else if value.isBool {
            text.add(value.isTrue ? "<bool value=\"true\" />\n" : "<bool value=\"false\" />\n")
        } else if value.isPath {
            text.element("<path", value.object.byteBuffer)
        } else if value.isNull {
            text.add("<null />\n")
        } else if value.isList {
            text.add("<list>\n")
            return openXML(top, text, isDerivation: false)
        } else if value.isAttributes {
            return writeXMLSet(top, &text)
        } else {
            writeXMLFunction(value, depth: bp[6].small, into: &text)
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

    private func openXML(_ top: Slot, _ text: XMLText, isDerivation: Bool) -> Step {
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
        var text = XMLText(indent: hasOpenAttribute ? depth : 0)
        if hasOpenAttribute { text.add("</attr>\n") }
        if index == container.object.field {
            text.indent(depth - 1)
            text.add(container.isList ? "</list>\n" : isDerivation ? "</derivation>\n" : "</attrs>\n")
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
            text.indent(depth)
            writeAttributeTag(container.object.layout.entries[place], into: &text)
        }
        guard appendXML(text) else { return .collect }
        guard charge(1 + depth / 32) else { return .error }
        bp[6] = Value(small: depth + (container.isList ? 0 : 1))
        cursor.pointee = Value(small: cursor.pointee.small + 2)
        let object = (sp - 2).pointee.object
        push((container.isList ? object.values : object.attributeValues)[place])
        return .next
    }

    /// The name comes between a position's line and path, as attributes are sorted.
    private func writeAttributeTag(_ entry: LayoutEntry, into text: inout XMLText) {
        let position = options.contains(.location) ? machine.attributePosition(entry.position) : nil
        text.add("<attr")
        writePlace(position, into: &text)
        text.attribute(" name", s.pointee.symbols.bytes(entry.symbol))
        writePath(position, into: &text)
        text.add(">\n")
    }

    private func writePlace(_ position: SourcePosition?, into text: inout XMLText) {
        guard let position, let line = position.line, let column = position.column else { return }
        text.attribute(" column", Array(String(column).utf8))
        text.attribute(" line", Array(String(line).utf8))
    }

    private func writePath(_ position: SourcePosition?, into text: inout XMLText) {
        guard let position, position.line != nil, position.column != nil, position.source.hasPrefix("/") else { return }
        text.attribute(" path", Array(position.source.utf8))
    }

    // MARK: Sets

    private func writeXMLSet(_ top: Slot, _ text: inout XMLText) -> Step {
        let set = top.pointee.object
        if let type = lookup(set, Symbols.type) {
            if !isForced(type) { return .force }
            if type.pointee.isString, type.pointee.object.byteBuffer.elementsEqual("derivation".utf8) {
                return writeXMLDerivation(top, &text)
            }
        }
        if nameOrder(set.layout) == nil { return .collect }
        text.add("<attrs>\n")
        return openXML(top, text, isDerivation: false)
    }

    /// A derivation is written once; then only its paths are told again.
    private func writeXMLDerivation(_ top: Slot, _ text: inout XMLText) -> Step {
        let set = top.pointee.object
        let depth = bp[6].small
        var drvPath: Value?
        text.add("<derivation")
        for (name, symbol) in [(" drvPath" as StaticString, Symbols.drvPath), (" outPath", Symbols.outPath)] {
            guard let slot = lookup(set, symbol) else { continue }
            if !isForced(slot) {
                if options.contains(.strict) { return .force }
                continue
            }
            guard slot.pointee.isString else { continue }
            text.attribute(name, slot.pointee.object.byteBuffer)
            if symbol == Symbols.drvPath { drvPath = slot.pointee }
        }
        text.add(">\n")
        if nameOrder(set.layout) == nil { return .collect }
        guard let drvPath, drvPath.object.field > 0 else { return repeatDerivation(&text, depth) }
        let (index, isKnown) = placeOfDerivation(drvPath.object.byteBuffer)
        if isKnown { return repeatDerivation(&text, depth) }
        let seen = bp[5].isNull ? 0 : bp[5].object.field
        guard reserveSlots(4) else { return .collect }
        guard appendXML(text, extra: Size.array(seen + 1)) else { return .collect }
        noteDerivation(drvPath, at: index)
        enterXML(top, isDerivation: true)
        return .next
    }

    private func repeatDerivation(_ text: inout XMLText, _ depth: Int) -> Step {
        text.indent(depth + 1)
        text.add("<repeated />\n")
        text.indent(depth)
        text.add("</derivation>\n")
        guard appendXML(text) else { return .collect }
        sp -= 1
        return .next
    }

    /// Where a path stands, or should, among the derivations seen.
    private func placeOfDerivation(_ path: UnsafeBufferPointer<UInt8>) -> (index: Int, isKnown: Bool) {
        var low = 0
        var high = bp[5].isNull ? 0 : bp[5].object.field
        while low < high {
            let middle = (low + high) / 2
            let order = compareBytes(bp[5].object.values[middle].object.byteBuffer, path)
            if order == 0 { return (middle, true) }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return (low, false)
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

    private func writeXMLFunction(_ value: Value, depth: Int, into text: inout XMLText) {
        guard let function = machine.nextParameter(of: value) else { return text.add("<unevaluated />\n") }
        text.add("<function")
        if options.contains(.location) {
            writePlace(function.position, into: &text)
            writePath(function.position, into: &text)
        }
        text.add(">\n")
        text.indent(depth + 1)
        if let formals = function.formals {
            text.add("<attrspat")
            if formals.hasEllipsis { text.add(" ellipsis=\"1\"") }
            if let name = function.name { text.attribute(" name", name) }
            text.add(">\n")
            for formal in formals.names {
                text.indent(depth + 2)
                text.add("<attr")
                text.attribute(" name", formal)
                text.add(" />\n")
            }
            text.indent(depth + 1)
            text.add("</attrspat>\n")
        } else {
            text.add("<varpat")
            if let name = function.name { text.attribute(" name", name) }
            text.add(" />\n")
        }
        text.indent(depth)
        text.add("</function>\n")
    }

    // MARK: The builder

    /// Appends to the builder; false when room must be made first. `extra` bytes are reserved with it.
    private func appendXML(_ text: XMLText, extra: Int = 0) -> Bool {
        let bytes = text.bytes
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
