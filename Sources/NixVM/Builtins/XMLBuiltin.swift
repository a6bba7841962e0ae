import NixFormats

/// `toXML`, and the printing of results as XML.
extension Machine {
    static let xmlBuiltins: [BuiltinDefinition] = [
        .frame("toXML", 1, strict: [], slots: 7) { interpreter in
            if interpreter.bp[1].isNull { interpreter.bp[1] = Value(small: XMLOptions.strict.rawValue) }
            return interpreter.writeXMLStep()
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
        startMachineBuiltin(Builtin.writeXML, [state.pointee.roots[handle.root], Value(small: options.rawValue)])
    }
}

struct XMLOptions: OptionSet {
    let rawValue: Int
    static let strict = XMLOptions(rawValue: 1)
    static let location = XMLOptions(rawValue: 2)
}

/// Writing XML without native recursion.
///
/// Slots: value, options, builder, length, context, derivations seen (sorted by path), elements open,
/// number of those derivations. Above them the
/// values being written; one whose elements are being written has become `absent`, itself and a cursor: twice the index
/// of the next, plus one for a derivation.
extension Interpreter {
    private static let slots = 8

    var xmlOptions: XMLOptions { XMLOptions(rawValue: bp[1].small) }

    func writeXMLStep() -> Step {
        if bp[6].isNull {
            guard reserveSlots(2) else { return .collect }
            let step = writing(indent: 0) { (text, meter) throws(WorkStop) in
                try text.add("<?xml version='1.0' encoding='utf-8'?>\n<expr>\n", &meter)
            }
            if step != .next { return step }
            bp[6] = Value(small: 1)
            push(bp[0])
        }
        while sp > bp + Interpreter.slots {
            let top = sp - 1
            let isCursor = top - 2 >= bp + Interpreter.slots && (top - 2).pointee.bits == Value.absent.bits
            let step = isCursor ? nextXMLElement() : writeXML(top)
            if step != .next { return step }
        }
        return finishXML()
    }

    private func finishXML() -> Step {
        var builder = TextBuilder(self, bp + 2)
        if bp[6].small > 0 {
            let step = writing(indent: 0) { (text, meter) throws(WorkStop) in try text.add("</expr>\n", &meter) }
            if step != .next { return step }
            bp[6] = Value(small: 0)
        }
        guard let result = builder.finish(context: bp[4]) else { return builder.step }
        return done(result)
    }

    /// Makes a piece of text and appends it to the builder: `.next` when it is there, else nothing has happened.
    ///
    /// - Parameter extra: bytes of the heap that are reserved with it.
    private func writing(
        indent depth: Int, extra: Int = 0, _ body: (inout XMLText, inout WorkMeter) throws(WorkStop) -> Void
    ) -> Step {
        let mark = fuelMark
        var meter = makeMeter()
        do throws(WorkStop) {
            var text = try XMLText(indent: depth, &meter)
            try body(&text, &meter)
            settle(meter)
            return refundIfRetried(append(text, extra: extra, beside: meter.usedBytes), since: mark)
        } catch {
            return stopped(error, meter, since: mark)
        }
    }

    private func append(_ text: borrowing XMLText, extra: Int, beside taken: Int) -> Step {
        var builder = TextBuilder(self, bp + 2)
        guard let out = builder.room(text.count, extra: extra, beside: taken) else { return builder.step }
        let isWritten = inBlocks(text.count, bytesPerUnit: 64) { block in
            text.copy(block, to: MutableByteView(out + block.lowerBound, count: block.count))
            return true
        }
        guard isWritten else { return .error }
        builder.advance(text.count)
        return .next
    }

    /// Writes the value at the top, or opens it.
    private func writeXML(_ top: Slot) -> Step {
        let isValue = isForced(top)
        if !isValue, xmlOptions.contains(.strict) { return .force }
        let value = top.pointee
        if isValue, value.isList {
            return openXML(top, isDerivation: false) { (text, meter) throws(WorkStop) in
                try text.add("<list>\n", &meter)
            }
        }
        if isValue, value.isAttributes { return writeXMLSet(top) }
        let contexts = isValue && value.isString && value.object.hasContext ? joinedContextSize(value) : 0
        let depth = bp[6].small
        let step = writing(indent: depth, extra: contexts) { (text, meter) throws(WorkStop) in
            if isValue {
                try writeXMLScalar(value, depth: depth, into: &text, &meter)
            } else {
                try text.add("<unevaluated />\n", &meter)
            }
        }
        if step != .next { return step }
        if contexts > 0 { bp[4] = joinContexts(bp[4], top.pointee.object.contextSlot.pointee) }
        sp -= 1
        return .next
    }

    private func writeXMLScalar(
        _ value: Value, depth: Int, into text: inout XMLText, _ meter: inout WorkMeter
    ) throws(WorkStop) {
        if value.isString {
            try text.element("<string", ByteView(value.object.byteBuffer), &meter)
        } else if value.isInteger {
            try text.element("<int", Array(String(value.integer).utf8), &meter)
        } else if value.isFloat {
            try text.element("<float", NumberText.general(value.float), &meter)
        } else if value.isBool {
            try text.add(value.isTrue ? "<bool value=\"true\" />\n" : "<bool value=\"false\" />\n", &meter)
        } else if value.isPath {
            try text.element("<path", ByteView(value.object.byteBuffer), &meter)
        } else if value.isNull {
            try text.add("<null />\n", &meter)
        } else {
            try writeXMLFunction(value, depth: depth, into: &text, &meter)
        }
    }

    private func joinedContextSize(_ value: Value) -> Int {
        Size.list(value.object.contextSlot.pointee.object.field + (bp[4].isNull ? 0 : bp[4].object.field))
    }

    private func openXML(
        _ top: Slot, isDerivation: Bool, _ body: (inout XMLText, inout WorkMeter) throws(WorkStop) -> Void
    ) -> Step {
        guard reserveSlots(4) else { return .collect }
        let step = writing(indent: bp[6].small, body)
        if step == .next { enterXML(top, isDerivation: isDerivation) }
        return step
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
        if index == container.object.field {
            let step = writing(indent: hasOpenAttribute ? depth : 0) { (text, meter) throws(WorkStop) in
                if hasOpenAttribute { try text.add("</attr>\n", &meter) }
                try text.indent(depth - 1, &meter)
                try text.add(
                    container.isList ? "</list>\n" : isDerivation ? "</derivation>\n" : "</attrs>\n", &meter)
            }
            if step != .next { return step }
            bp[6] = Value(small: depth - 1)
            sp -= 3
            return .next
        }
        guard reserveSlots(4) else { return .collect }
        var place = index
        if !container.isList {
            guard let order = nameOrder(container.object.layout) else { return .collect }
            place = Int(order[index])
            let step = writing(indent: hasOpenAttribute ? depth : 0) { (text, meter) throws(WorkStop) in
                if hasOpenAttribute { try text.add("</attr>\n", &meter) }
                try text.indent(depth, &meter)
                try writeAttributeTag(container.object.layout.entries[place], into: &text, &meter)
            }
            if step != .next { return step }
        }
        guard charge(1) else { return .error }
        bp[6] = Value(small: depth + (container.isList ? 0 : 1))
        cursor.pointee = Value(small: cursor.pointee.small + 2)
        let object = (sp - 2).pointee.object
        push((container.isList ? object.values : object.attributeValues)[place])
        return .next
    }

    /// The name comes between a position's line and path, as attributes are sorted.
    private func writeAttributeTag(_ entry: LayoutEntry, into text: inout XMLText, _ meter: inout WorkMeter)
        throws(WorkStop)
    {
        let position = xmlOptions.contains(.location) ? machine.attributePosition(entry.position) : nil
        try text.add("<attr", &meter)
        try writePlace(position, into: &text, &meter)
        try text.attribute(" name", ByteView(state.pointee.symbols.bytes(entry.symbol)), &meter)
        try writePath(position, into: &text, &meter)
        try text.add(">\n", &meter)
    }

    func writePlace(_ position: SourcePosition?, into text: inout XMLText, _ meter: inout WorkMeter) throws(WorkStop) {
        guard let position, let line = position.line, let column = position.column else { return }
        try text.attribute(" column", Array(String(column).utf8), &meter)
        try text.attribute(" line", Array(String(line).utf8), &meter)
    }

    func writePath(_ position: SourcePosition?, into text: inout XMLText, _ meter: inout WorkMeter) throws(WorkStop) {
        guard let position, position.line != nil, position.column != nil, position.source.hasPrefix("/") else { return }
        try text.attribute(" path", Array(position.source.utf8), &meter)
    }

    // MARK: Sets

    private func writeXMLSet(_ top: Slot) -> Step {
        let set = top.pointee.object
        if let type = lookup(set, Symbols.type) {
            if !isForced(type) { return .force }
            if type.pointee.isString, type.pointee.object.byteBuffer.elementsEqual("derivation".utf8) {
                return writeXMLDerivation(top)
            }
        }
        if nameOrder(set.layout) == nil { return .collect }
        return openXML(top, isDerivation: false) { (text, meter) throws(WorkStop) in
            try text.add("<attrs>\n", &meter)
        }
    }

    /// A derivation is written once; then only its paths are told again.
    private func writeXMLDerivation(_ top: Slot) -> Step {
        let set = top.pointee.object
        let depth = bp[6].small
        for symbol in [Symbols.drvPath, Symbols.outPath] {
            guard let slot = lookup(set, symbol) else { continue }
            if !isForced(slot), xmlOptions.contains(.strict) { return .force }
        }
        if nameOrder(set.layout) == nil { return .collect }
        let drvPath = writtenPath(set, Symbols.drvPath)
        let outPath = writtenPath(set, Symbols.outPath)
        let (index, isKnown) = placeOfDerivation(drvPath)
        let isRepeated = isKnown || drvPath.map { $0.object.field == 0 } ?? true
        let size = isRepeated ? 0 : sizeOfDerivations
        guard reserveSlots(4) else { return .collect }
        let step = writing(indent: depth, extra: size) { (text, meter) throws(WorkStop) in
            try text.add("<derivation", &meter)
            if let drvPath { try text.attribute(" drvPath", ByteView(drvPath.object.byteBuffer), &meter) }
            if let outPath { try text.attribute(" outPath", ByteView(outPath.object.byteBuffer), &meter) }
            try text.add(">\n", &meter)
            if isRepeated {
                try text.indent(depth + 1, &meter)
                try text.add("<repeated />\n", &meter)
                try text.indent(depth, &meter)
                try text.add("</derivation>\n", &meter)
            }
        }
        if step != .next { return step }
        guard !isRepeated, let drvPath else {
            sp -= 1
            return .next
        }
        guard noteDerivation(drvPath, at: index) else { return .error }
        enterXML(top, isDerivation: true)
        return .next
    }

    /// A path of a derivation that is written; nil for what is no string, or not forced.
    private func writtenPath(_ set: Object, _ symbol: UInt32) -> Value? {
        guard let slot = lookup(set, symbol), isForced(slot), slot.pointee.isString else { return nil }
        return slot.pointee
    }

    /// Where a path stands, or should, among the derivations seen.
    private func placeOfDerivation(_ path: Value?) -> (index: Int, isKnown: Bool) {
        guard let path else { return (0, false) }
        var low = 0
        var high = derivationCount
        while low < high {
            let middle = (low + high) / 2
            let order = compareBytes(bp[5].object.values[middle].object.byteBuffer, path.object.byteBuffer)
            if order == 0 { return (middle, true) }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return (low, false)
    }

    /// Derivations seen: the array of slot 5 has room for more, and their number is in slot 7.
    private var derivationCount: Int { bp[7].isNull ? 0 : bp[7].small }

    /// Bytes to reserve for one more derivation.
    private var sizeOfDerivations: Int {
        let count = derivationCount
        return bp[5].isNull || count == bp[5].object.field ? Size.array(max(16, 2 * count)) : 0
    }

    /// Notes a derivation, with `sizeOfDerivations` reserved; false with `failure` set.
    private func noteDerivation(_ path: Value, at index: Int) -> Bool {
        let count = derivationCount
        guard charge(1 + count / 128) else { return false }
        if bp[5].isNull || count == bp[5].object.field {
            let capacity = max(16, 2 * count)
            let larger = allocate(words: 1 + capacity)
            larger[0] = Object.header(Kind.array, field: capacity)
            if count > 0 { larger.values.update(from: bp[5].object.values, count: count) }
            for place in count..<capacity { larger.values[place] = .null }
            bp[5] = Value(Tag.other, larger)
        }
        let seen = bp[5].object
        var place = count
        while place > index {
            seen.values[place] = seen.values[place - 1]
            place -= 1
        }
        seen.values[index] = path
        noteWrite(seen)
        bp[7] = Value(small: count + 1)
        return true
    }
}
