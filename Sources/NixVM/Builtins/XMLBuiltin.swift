import NixFormats

/// `toXML`, and the printing of results as XML.
extension Builtin {
    static let xml: [Builtin] = [
        .frame("toXML", [.checked("x", isLazy: true)], frame: XMLFrame.self, since: "0.10", "A value as XML.") {
            $0.toXMLStep()
        }
    ]
}

extension Machine {
    /// Begins to write a value as XML; `resume` runs it, and the result is a string.
    ///
    /// - Parameters:
    ///   - handle: The value.
    ///   - isStrict: Whether what the value contains is forced; otherwise it is written as `<unevaluated />`.
    ///   - hasLocation: Whether the positions of attributes and functions are written.
    public func startXML(_ handle: ValueHandle, isStrict: Bool, hasLocation: Bool) {
        var options: XMLOptions = []
        if isStrict { options.insert(.strict) }
        if hasLocation { options.insert(.location) }
        startStep(.writeXML, [state.pointee.roots[handle.root], Value(small: options.rawValue)])
    }
}

struct XMLOptions: OptionSet, FrameWord {
    let rawValue: Int
    /// Forces what lies in the value.
    static let strict = XMLOptions(rawValue: 1)
    /// Says where attributes and functions stand.
    static let location = XMLOptions(rawValue: 2)

    init(rawValue: Int) { self.rawValue = rawValue }
    init(word: Value) { rawValue = word.small }
    var word: Value { Value(small: rawValue) }
}

/// The frame of `toXML` and of results that are printed as XML. Above it lie values to be written, and cursors of the
/// containers around them, whose indices are twice that of the next element, and 1 more in a derivation.
struct XMLFrame: BuiltinFrame {
    let value: Value
    @Held var options: XMLOptions
    var text: TextBuilder.State
    /// The joined contexts of the strings that were written; null for none.
    var context: Value
    /// The paths of the derivations that were written, sorted. The array has room for more.
    @Held var seen: ArrayRef
    /// How many elements are open; null until the first step.
    @Held var depth: Int
    @Held var seenCount: Int

    var hasBegun: Bool { !$depth.isNull }
}

/// Writing XML.
extension Interpreter {
    private var frame: XMLFrame {
        @inline(__always) _read { yield topFrame(as: XMLFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: XMLFrame.self).pointee }
    }

    var xmlOptions: XMLOptions { frame.options }

    fileprivate func toXMLStep() -> Step {
        frame.options = .strict
        return writeXMLStep()
    }

    func writeXMLStep() -> Step {
        if !frame.hasBegun {
            guard reserveSlots(2) else { return .collect }
            let step = writing(indent: 0) { (text, meter) throws(WorkStop) in
                try text.add("<?xml version='1.0' encoding='utf-8'?>\n<expr>\n", &meter)
            }
            if step != .next { return step }
            frame.depth = 1
            push(frame.value)
        }
        let bottom = above(XMLFrame.self)
        while sp > bottom {
            let step = hasTopCursor(above: bottom) ? nextXMLElement() : writeXML(sp - 1)
            if step != .next { return step }
        }
        return finishXML()
    }

    private func finishXML() -> Step {
        var builder = TextBuilder(self, &frame.text)
        if frame.depth > 0 {
            let step = writing(indent: 0) { (text, meter) throws(WorkStop) in try text.add("</expr>\n", &meter) }
            if step != .next { return step }
            frame.depth = 0
        }
        guard let result = builder.finish(context: frame.context) else { return builder.step }
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
        var builder = TextBuilder(self, &frame.text)
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
            return openXML { (text, meter) throws(WorkStop) in
                try text.add("<list>\n", &meter)
            }
        }
        if isValue, value.isAttributes { return writeXMLSet(top) }
        let contexts = isValue && value.isString && value.object.hasContext ? joinedContextSize(value) : 0
        let depth = frame.depth
        let step = writing(indent: depth, extra: contexts) { (text, meter) throws(WorkStop) in
            if isValue {
                try writeXMLScalar(value, depth: depth, into: &text, &meter)
            } else {
                try text.add("<unevaluated />\n", &meter)
            }
        }
        if step != .next { return step }
        if contexts > 0 { frame.context = joinContexts(frame.context, top.pointee.object.contextSlot.pointee) }
        sp -= 1
        return .next
    }

    private func writeXMLScalar(
        _ value: Value, depth: Int, into text: inout XMLText, _ meter: inout WorkMeter
    ) throws(WorkStop) {
        if value.isString {
            try text.element("<string", ByteView(value.string.bytes), &meter)
        } else if value.isInteger {
            try text.element("<int", Array(String(value.integer).utf8), &meter)
        } else if value.isFloat {
            try text.element("<float", NumberText.general(value.float), &meter)
        } else if value.isBool {
            try text.add(value.isTrue ? "<bool value=\"true\" />\n" : "<bool value=\"false\" />\n", &meter)
        } else if value.isPath {
            try text.element("<path", ByteView(value.string.bytes), &meter)
        } else if value.isNull {
            try text.add("<null />\n", &meter)
        } else {
            try writeXMLFunction(value, depth: depth, into: &text, &meter)
        }
    }

    private func joinedContextSize(_ value: Value) -> Int {
        Size.list(value.string.contextCount + (frame.context.isNull ? 0 : frame.context.list.count))
    }

    /// Writes what begins the value at the top, a container but no derivation.
    private func openXML(
        _ body: (inout XMLText, inout WorkMeter) throws(WorkStop) -> Void
    ) -> Step {
        guard reserveSlots(4) else { return .collect }
        let step = writing(indent: frame.depth, body)
        if step == .next { enterXML(isDerivation: false) }
        return step
    }

    /// Makes the value at the top the container whose elements follow.
    private func enterXML(isDerivation: Bool) {
        openCursor(at: isDerivation ? 1 : 0)
        frame.depth += 1
    }

    private func nextXMLElement() -> Step {
        let cursor = topCursor
        let container = cursor.pointee.container
        let index = cursor.pointee.index / 2
        let isDerivation = cursor.pointee.index & 1 != 0
        let hasOpenAttribute = index > 0 && !container.isList
        let depth = frame.depth - (hasOpenAttribute ? 1 : 0)
        if index == container.object.field {
            let step = writing(indent: hasOpenAttribute ? depth : 0) { (text, meter) throws(WorkStop) in
                if hasOpenAttribute { try text.add("</attr>\n", &meter) }
                try text.indent(depth - 1, &meter)
                try text.add(
                    container.isList ? "</list>\n" : isDerivation ? "</derivation>\n" : "</attrs>\n", &meter)
            }
            if step != .next { return step }
            frame.depth = depth - 1
            sp -= ContainerCursor.count
            return .next
        }
        guard reserveSlots(4) else { return .collect }
        var place = index
        if !container.isList {
            let set = container.attributes
            guard let order = nameOrder(of: set) else { return .collect }
            place = Int(order[index])
            let step = writing(indent: hasOpenAttribute ? depth : 0) { (text, meter) throws(WorkStop) in
                if hasOpenAttribute { try text.add("</attr>\n", &meter) }
                try text.indent(depth, &meter)
                try writeAttributeTag(set.entries[place], into: &text, &meter)
            }
            if step != .next { return step }
        }
        guard charge(1) else { return .error }
        frame.depth = depth + (container.isList ? 0 : 1)
        cursor.pointee.index += 2
        push(container.isList ? container.list[place] : container.attributes.values[place])
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
        guard let position, position.line != nil, position.column != nil, let path = position.filePath else { return }
        try text.attribute(" path", Array(path.utf8), &meter)
    }

    // MARK: Sets

    private func writeXMLSet(_ top: Slot) -> Step {
        let set = top.pointee.object
        if let type = lookup(set, Symbols.type) {
            if !isForced(type) { return .force }
            if type.pointee.isString, type.pointee.string.bytes.elementsEqual("derivation".utf8) {
                return writeXMLDerivation(top)
            }
        }
        if nameOrder(of: set) == nil { return .collect }
        return openXML { (text, meter) throws(WorkStop) in
            try text.add("<attrs>\n", &meter)
        }
    }

    /// A derivation is written once; then only its paths are told again.
    private func writeXMLDerivation(_ top: Slot) -> Step {
        let set = top.pointee.object
        let depth = frame.depth
        for known in [Symbols.drvPath, .outPath] {
            guard let slot = lookup(set, known) else { continue }
            if !isForced(slot), xmlOptions.contains(.strict) { return .force }
        }
        if nameOrder(of: set) == nil { return .collect }
        let drvPath = writtenPath(set, .drvPath)
        let outPath = writtenPath(set, .outPath)
        let (index, isKnown) = placeOfDerivation(drvPath)
        let isRepeated = isKnown || drvPath.map { $0.object.field == 0 } ?? true
        let size = isRepeated ? 0 : sizeOfDerivations
        guard reserveSlots(4) else { return .collect }
        let step = writing(indent: depth, extra: size) { (text, meter) throws(WorkStop) in
            try text.add("<derivation", &meter)
            if let drvPath { try text.attribute(" drvPath", ByteView(drvPath.string.bytes), &meter) }
            if let outPath { try text.attribute(" outPath", ByteView(outPath.string.bytes), &meter) }
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
        enterXML(isDerivation: true)
        return .next
    }

    /// A path of a derivation that is written; nil for what is no string, or not forced.
    private func writtenPath(_ set: Object, _ known: Symbols) -> Value? {
        guard let slot = lookup(set, known), isForced(slot), slot.pointee.isString else { return nil }
        return slot.pointee
    }

    /// Where a path stands, or should, among the derivations seen.
    private func placeOfDerivation(_ path: Value?) -> (index: Int, isKnown: Bool) {
        guard let path else { return (0, false) }
        var low = 0
        var high = frame.seenCount
        while low < high {
            let middle = (low + high) / 2
            let order = compareBytes(frame.seen[middle].string.bytes, path.string.bytes)
            if order == 0 { return (middle, true) }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return (low, false)
    }

    /// Whether the array of derivations must grow for one more.
    private var isSeenFull: Bool { frame.$seen.isNull || frame.seenCount == frame.seen.count }

    /// Bytes to reserve for one more derivation.
    private var sizeOfDerivations: Int { isSeenFull ? Size.array(max(16, 2 * frame.seenCount)) : 0 }

    /// Notes a derivation, with `sizeOfDerivations` reserved; false with `failure` set.
    private func noteDerivation(_ path: Value, at index: Int) -> Bool {
        let count = frame.seenCount
        guard charge(1 + count / 128) else { return false }
        if isSeenFull {
            let larger = makeArray(max(16, 2 * count))
            if count > 0 { larger.elements.update(from: frame.seen.elements, count: count) }
            frame.seen = larger
        }
        let seen = frame.seen
        var place = count
        while place > index {
            seen[place] = seen[place - 1]
            place -= 1
        }
        seen[index] = path
        noteWrite(seen.object)
        frame.seenCount = count + 1
        return true
    }
}
