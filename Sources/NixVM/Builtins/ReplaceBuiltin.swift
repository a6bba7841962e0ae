import NixFormats

extension Builtin {
    static let replacing: [Builtin] = [
        .frame(
            "replaceStrings", [.checked("from"), .checked("to"), .evaluated("string", isLazy: true)],
            frame: ReplaceFrame.self,
            since: "1.10", "The string with each occurrence of a string of `from` replaced by its counterpart in `to`.",
            inner: .always("while evaluating one of the strings to replace passed to builtins.replaceStrings"),
            early: { $0.expectList(0) != nil }
        ) { $0.replaceStringsStep() }
    ]
}

/// `replaceStrings`: at each place the first pattern that fits is replaced; an empty one fits everywhere, also at the
/// end.
///
/// A step goes on at the place that the last one reached. A unit is charged for each place at which something may fit, and
/// for every eight patterns tried there.
struct ReplaceFrame: BuiltinFrame {
    @Held var patterns: ListRef
    @Held var replacements: ListRef
    let text: Value
    /// Patterns that are known to be strings.
    @Held var checked: Int
    var output: TextBuilder.State
    /// The place in the text up to which everything was replaced.
    @Held var place: Int
    /// A bytes object: the `ReplacementTable`, null until all patterns are checked.
    var table: Value
}

extension Interpreter {
    static let replacementText =
        "while evaluating one of the replacement strings passed to builtins.replaceStrings"

    private var frame: ReplaceFrame {
        @inline(__always) _read { yield topFrame(as: ReplaceFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: ReplaceFrame.self).pointee }
    }

    func replaceStringsStep() -> Step {
        guard expectList(0) != nil, expectList(1) != nil else { return .error }
        if frame.table.isNull {
            let step = beginReplacing()
            if step != .next { return step }
        }
        guard expectString(2) != nil else { return .error }
        var replacer = Replacer(self, topFrame(as: ReplaceFrame.self))
        return replacer.run()
    }

    /// Forces patterns and text, and makes the search table.
    private func beginReplacing() -> Step {
        let patterns = frame.patterns
        guard patterns.count == frame.replacements.count else {
            return fail(.value, "'from' and 'to' arguments passed to builtins.replaceStrings have different lengths")
        }
        while frame.checked < patterns.count {
            let slot = patterns.slot(frame.checked)
            if !isForced(slot) { return .force }
            guard slot.pointee.isString else { return failExpected("a string", slot.pointee) }
            guard charge(1) else { return .error }
            frame.checked += 1
        }
        if !isForced(argumentSlot(2)) { return .force }
        guard expectString(2) != nil else { return .error }
        let size = ReplacementTable.size(patterns.count)
        guard reserve(8 + size) else { return .collect }
        let object = allocate(words: 1 + size / 8)
        object[0] = Object.header(Kind.bytes, field: size)
        guard ReplacementTable(object, count: patterns.count).fill(frame.patterns, self) else { return .error }
        frame.place = 0
        frame.table = Value(Tag.other, object)
        return .next
    }
}

/// Which patterns begin with a byte, in their order, and which were used. It lies in a bytes object of the heap.
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
    func fill(_ patterns: ListRef, _ interpreter: Interpreter) -> Bool {
        for byte in 0...256 { first[byte] = ReplacementTable.none }
        // From the last to the first, so that each goes before those that come after it.
        return interpreter.inBlocks(count, bytesPerUnit: 4) { block in
            for offset in block {
                let index = count - 1 - offset
                let byte = patterns[index].string.bytes.first.map { Int($0) } ?? 256
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

/// The replacing itself, within one step: it borrows what lies in the heap.
private struct Replacer {
    private let interpreter: Interpreter
    private let frame: UnsafeMutablePointer<ReplaceFrame>
    private let patterns: ListRef
    private let replacements: ListRef
    private let text: StringRef
    private let table: ReplacementTable
    private var builder: TextBuilder

    init(_ interpreter: Interpreter, _ frame: UnsafeMutablePointer<ReplaceFrame>) {
        self.interpreter = interpreter
        self.frame = frame
        patterns = frame.pointee.patterns
        replacements = frame.pointee.replacements
        text = frame.pointee.text.string
        table = ReplacementTable(frame.pointee.table.object, count: frame.pointee.patterns.count)
        builder = TextBuilder(interpreter, &frame.pointee.output)
    }

    mutating func run() -> Step {
        let count = text.count
        while frame.pointee.place <= count {
            // A part of the text is passed as a whole, or not at all: what was charged for one that runs anew is given
            // back.
            let mark = interpreter.fuelMark
            let step = replaceNext(frame.pointee.place, count)
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
            return copy(text.start + place, end - place, to: end)
        }
        if place == count, table.empty == ReplacementTable.none {
            frame.pointee.place = count + 1
            return .next
        }
        var match: Int?
        guard find(place, count, &match) else { return .error }
        guard let match else { return copy(text.start + place, min(1, count - place), to: place + 1) }
        return replace(match, place, count)
    }

    /// The next place at which a pattern may fit, or a place before it: no more than a block is passed.
    private func firstCandidate(_ place: Int, _ count: Int) -> Int {
        if table.empty != ReplacementTable.none { return place }
        let block = min(count, place + 4096)
        var end = place
        while end < block, table.first(text.start[end]) == ReplacementTable.none { end += 1 }
        return end
    }

    /// The first pattern that fits at a place; false with `failure` set.
    private func find(_ place: Int, _ count: Int, _ match: inout Int?) -> Bool {
        let empty = table.empty
        match = empty == ReplacementTable.none ? nil : Int(empty)
        guard place < count else { return true }
        var tried = 0
        var index = table.first(text.start[place])
        // Those after the empty pattern never fit first; `none` is after all.
        while index < empty {
            tried += 1
            if tried & 7 == 0, !interpreter.charge(1) { return false }
            let pattern = patterns[Int(index)].string
            var fits = pattern.count <= count - place
            if fits {
                let (bytes, start) = (pattern.start, text.start + place)
                let isRead = interpreter.inBlocks(pattern.count, bytesPerUnit: 64) { block in
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
        if !interpreter.isForced(replacements.slot(match)) { return .force }
        let replacement = replacements[match]
        guard replacement.isString else {
            return interpreter.failExpected("a string", replacement, context: Interpreter.replacementText)
        }
        let inserted = replacement.string.count
        let matched = patterns[match].string.count
        // After an empty pattern the byte at the place stays.
        let kept = matched == 0 && place < count ? 1 : 0
        guard let out = builder.room(inserted + kept) else { return builder.step }
        guard interpreter.copy(replacement.string.start, to: out, count: inserted, isCharged: false) else {
            return .error
        }
        if kept == 1 { out[inserted] = text.start[place] }
        table.use(match)
        builder.advance(inserted + kept)
        frame.pointee.place = place + max(1, matched)
        return .next
    }

    private mutating func copy(_ bytes: UnsafePointer<UInt8>, _ count: Int, to place: Int) -> Step {
        guard let out = builder.room(count) else { return builder.step }
        out.update(from: bytes, count: count)
        builder.advance(count)
        frame.pointee.place = place
        return .next
    }

    /// Whether a replacement was used and has a context.
    private func bearsContext(_ index: Int) -> Bool { table.isUsed(index) && replacements[index].string.hasContext }

    /// The contexts of the text and of the replacements that were used.
    private func context() -> Value {
        let used = (0..<replacements.count).filter(bearsContext).map { replacements[$0] }
        return interpreter.unionContext([Value(Tag.string, text.object)] + used)
    }

    private mutating func finish() -> Step {
        var contexts = text.contextCount
        for index in 0..<replacements.count {
            if index & 0x3FF == 0x3FF, !interpreter.charge(16) { return .error }
            if bearsContext(index) { contexts += replacements[index].string.contextCount }
        }
        let length = builder.length
        if length == 0, contexts == 0 { return interpreter.done(interpreter.state.pointee.emptyString) }
        guard interpreter.reserve(Size.string(length) + Size.list(contexts)) else { return .collect }
        guard interpreter.charge(contexts / 8) else { return .error }
        let result = interpreter.makeString(length: length, context: contexts == 0 ? .null : context())
        if length > 0, !interpreter.copy(builder.bytes, to: result.string.start, count: length, isCharged: false) {
            return .error
        }
        return interpreter.done(result)
    }
}
