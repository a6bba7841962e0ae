import NixFormats

/// `replaceStrings`: at each place the first pattern that fits is replaced; an empty one fits everywhere, also at the
/// end.
///
/// Slots: patterns, replacements, text, patterns checked, builder, length, place in the text, and a search table: which
/// patterns begin with each byte, and which replacements were used. A step goes on at the place that the last one
/// reached. A unit is charged for each place at which something may fit, and for every eight patterns tried there.
extension Interpreter {
    static let replacementText =
        "while evaluating one of the replacement strings passed to builtins.replaceStrings"

    func replaceStringsStep() -> Step {
        guard let from = expectList(0), let to = expectList(1) else { return .error }
        if bp[7].isNull {
            let step = beginReplacing(from, to)
            if step != .next { return step }
        }
        guard let text = expectString(2) else { return .error }
        let table = ReplacementTable(bp[7].object, count: from.field)
        var replacer = Replacer(self, from: from, to: to, text: text, table: table)
        return replacer.run()
    }

    /// Forces patterns and text, and makes the search table.
    private func beginReplacing(_ from: Object, _ to: Object) -> Step {
        guard from.field == to.field else {
            return fail(.value, "'from' and 'to' arguments passed to builtins.replaceStrings have different lengths")
        }
        if bp[3].isNull { bp[3] = Value(small: 0) }
        while bp[3].small < from.field {
            let slot = from.values + bp[3].small
            if !isForced(slot) { return .force }
            guard slot.pointee.isString else { return failExpected("a string", slot.pointee) }
            guard charge(1) else { return .error }
            bp[3] = Value(small: bp[3].small + 1)
        }
        if !isForced(argumentSlot(2)) { return .force }
        guard expectString(2) != nil else { return .error }
        guard reserve(8 + ReplacementTable.size(from.field)) else { return .collect }
        let object = allocate(words: 1 + ReplacementTable.size(from.field) / 8)
        object[0] = Object.header(Kind.bytes, field: ReplacementTable.size(from.field))
        guard ReplacementTable(object, count: from.field).fill(from, self) else { return .error }
        bp[6] = Value(small: 0)
        bp[7] = Value(Tag.other, object)
        return .next
    }
}

/// Which patterns begin with a byte, in their order, and which were used; a bytes object of the heap.
private struct ReplacementTable {
    static let none = UInt32.max

    /// By byte: the first pattern that begins with it. The last entry is that of the empty pattern.
    private let first: UnsafeMutablePointer<UInt32>
    /// By pattern: the next one that begins with the same byte.
    private let following: UnsafeMutablePointer<UInt32>
    private let used: UnsafeMutablePointer<UInt8>
    private let count: Int

    /// Bytes of a table for so many patterns.
    static func size(_ count: Int) -> Int { (257 * 4 + count * 4 + count + 7) & ~7 }

    init(_ object: Object, count: Int) {
        first = UnsafeMutableRawPointer(object + 1).assumingMemoryBound(to: UInt32.self)
        following = first + 257
        used = UnsafeMutableRawPointer(following + count).assumingMemoryBound(to: UInt8.self)
        self.count = count
    }

    /// Enters all patterns; false with `failure` set.
    func fill(_ patterns: Object, _ interpreter: Interpreter) -> Bool {
        for byte in 0...256 { first[byte] = ReplacementTable.none }
        // From the last to the first, so that each goes before those that come after it.
        return interpreter.inBlocks(count, bytesPerUnit: 4) { block in
            for offset in block {
                let index = count - 1 - offset
                let byte = patterns.values[index].object.byteBuffer.first.map { Int($0) } ?? 256
                following[index] = first[byte]
                first[byte] = UInt32(truncatingIfNeeded: index)
                used[index] = 0
            }
            return true
        }
    }

    /// The first pattern that begins with a byte; `none` when there is none.
    func first(_ byte: UInt8) -> UInt32 { first[Int(byte)] }
    var empty: UInt32 { first[256] }
    func next(_ index: UInt32) -> UInt32 { following[Int(index)] }
    func isUsed(_ index: Int) -> Bool { used[index] != 0 }
    func use(_ index: Int) { used[index] = 1 }
}

private struct Replacer {
    private let interpreter: Interpreter
    private let from: Object
    private let to: Object
    private let text: Object
    private let table: ReplacementTable
    private var builder: TextBuilder
    private let bp: Slot

    init(_ interpreter: Interpreter, from: Object, to: Object, text: Object, table: ReplacementTable) {
        self.interpreter = interpreter
        self.from = from
        self.to = to
        self.text = text
        self.table = table
        bp = interpreter.bp
        builder = TextBuilder(interpreter, interpreter.bp + 4)
    }

    mutating func run() -> Step {
        let count = text.field
        while bp[6].small <= count {
            // A part of the text is passed as a whole, or not at all: what was charged for one that runs anew is given
            // back.
            let mark = interpreter.fuelMark
            let step = replaceNext(bp[6].small, count)
            if step != .next { return interpreter.refundIfRetried(step, since: mark) }
        }
        return finish()
    }

    /// Copies the text up to the next place at which something may fit, or tries there.
    private mutating func replaceNext(_ place: Int, _ count: Int) -> Step {
        guard interpreter.charge(1) else { return .error }
        let end = firstCandidate(place, count)
        if end > place {
            guard interpreter.charge((end - place) / 32) else { return .error }
            return copy(text.bytes + place, end - place, to: end)
        }
        if place == count, table.empty == ReplacementTable.none {
            bp[6] = Value(small: count + 1)
            return .next
        }
        var match: Int?
        guard find(place, count, &match) else { return .error }
        guard let match else { return copy(text.bytes + place, min(1, count - place), to: place + 1) }
        return replace(match, place, count)
    }

    /// The next place at which a pattern may fit, or a place before it: no more than a block is passed.
    private func firstCandidate(_ place: Int, _ count: Int) -> Int {
        if table.empty != ReplacementTable.none { return place }
        let block = min(count, place + 4096)
        var end = place
        while end < block, table.first(text.bytes[end]) == ReplacementTable.none { end += 1 }
        return end
    }

    /// The first pattern that fits at a place; false with `failure` set.
    private func find(_ place: Int, _ count: Int, _ match: inout Int?) -> Bool {
        let empty = table.empty
        match = empty == ReplacementTable.none ? nil : Int(empty)
        guard place < count else { return true }
        var tried = 0
        var index = table.first(text.bytes[place])
        // Those after the empty pattern never fit first; `none` is after all.
        while index < empty {
            tried += 1
            if tried & 7 == 0, !interpreter.charge(1) { return false }
            let pattern = from.values[Int(index)].object
            var fits = pattern.field <= count - place
            if fits {
                let (bytes, start) = (pattern.bytes, text.bytes + place)
                let isRead = interpreter.inBlocks(pattern.field, bytesPerUnit: 64) { block in
                    fits = equalBytes(bytes + block.lowerBound, start + block.lowerBound, block.count)
                    return fits
                }
                if !isRead, fits { return false }
            }
            if fits {
                match = Int(index)
                return true
            }
            index = table.next(index)
        }
        return true
    }

    private func equalBytes(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        compareBytes(UnsafeBufferPointer(start: a, count: count), UnsafeBufferPointer(start: b, count: count)) == 0
    }

    private mutating func replace(_ match: Int, _ place: Int, _ count: Int) -> Step {
        if !interpreter.isForced(to.values + match) { return .force }
        let replacement = to.values[match]
        guard replacement.isString else {
            return interpreter.failExpected("a string", replacement, context: Interpreter.replacementText)
        }
        let inserted = replacement.object.field
        let matched = from.values[match].object.field
        // After an empty pattern the byte at the place stays.
        let kept = matched == 0 && place < count ? 1 : 0
        guard let out = builder.room(inserted + kept) else { return builder.step }
        guard interpreter.copyCharged(replacement.object.bytes, inserted, to: out) else { return .error }
        if kept == 1 { out[inserted] = text.bytes[place] }
        table.use(match)
        builder.advance(inserted + kept)
        bp[6] = Value(small: place + max(1, matched))
        return .next
    }

    private mutating func copy(_ bytes: UnsafePointer<UInt8>, _ count: Int, to place: Int) -> Step {
        guard let out = builder.room(count) else { return builder.step }
        out.update(from: bytes, count: count)
        builder.advance(count)
        bp[6] = Value(small: place)
        return .next
    }

    private mutating func finish() -> Step {
        var used = [Value(Tag.string, text)]
        var contexts = contextCount(text)
        for index in 0..<to.field {
            if index & 0x3FF == 0x3FF, !interpreter.charge(16) { return .error }
            guard table.isUsed(index), to.values[index].object.hasContext else { continue }
            used.append(to.values[index])
            contexts += contextCount(to.values[index].object)
        }
        let length = builder.length
        if length == 0, contexts == 0 { return interpreter.done(interpreter.state.pointee.emptyString) }
        guard interpreter.reserve(Size.string(length) + Size.list(contexts)) else { return .collect }
        guard interpreter.charge(contexts / 8) else { return .error }
        let result = interpreter.makeString(length: length, context: interpreter.unionContext(used))
        if length > 0, !interpreter.copyCharged(builder.bytes, length, to: result.object.bytes) { return .error }
        return interpreter.done(result)
    }

    private func contextCount(_ string: Object) -> Int {
        string.hasContext ? string.contextSlot.pointee.object.field : 0
    }
}
