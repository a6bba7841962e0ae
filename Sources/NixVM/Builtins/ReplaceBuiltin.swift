import NixFormats

/// `replaceStrings`: at each place the first pattern that fits is replaced; an empty one fits everywhere, also at the end.
///
/// The result is written into the heap's free room and becomes a string in place once it is complete. A replacement is
/// forced when its pattern first fits; the step then begins anew.
extension VM {
    static let replacementText =
        "while evaluating one of the replacement strings passed to builtins.replaceStrings"

    func replaceStrings() -> Step {
        guard let from = expectList(0), let to = expectList(1) else { return .error }
        guard from.field == to.field else {
            return fail(.value, "'from' and 'to' arguments passed to builtins.replaceStrings have different lengths")
        }
        for index in 0..<from.field {
            if !isForced(from.values + index) { return .force }
            guard from.values[index].isString else { return failExpected("a string", from.values[index]) }
        }
        if !isForced(argumentSlot(2)) { return .force }
        guard let text = expectString(2) else { return .error }
        var replacer = Replacer(self, from: from, to: to, text: text)
        return replacer.run()
    }
}

private struct Replacer {
    private let vm: VM
    private let from: Object
    private let to: Object
    private let text: Object
    /// The first bytes of all patterns; every byte if one is empty.
    private var firstBytes = ByteSet()
    private var hasEmpty = false
    private var length = 0
    private var capacity = 0
    /// Replacements used so far, each once.
    private var isUsed: [Bool]

    init(_ vm: VM, from: Object, to: Object, text: Object) {
        self.vm = vm
        self.from = from
        self.to = to
        self.text = text
        isUsed = [Bool](repeating: false, count: from.field)
        for index in 0..<from.field {
            if let first = from.values[index].object.byteBuffer.first {
                firstBytes.insert(first)
            } else {
                hasEmpty = true
            }
        }
    }

    /// Where the bytes of the result go: after the header it is going to have.
    private var out: UnsafeMutablePointer<UInt8> {
        UnsafeMutableRawPointer(vm.s.pointee.r.hp + 8).assumingMemoryBound(to: UInt8.self)
    }

    mutating func run() -> Step {
        guard grow(text.field) else { return .collect }
        let count = text.field
        let bytes = text.bytes
        var place = 0
        while place <= count {
            let start = place
            if !hasEmpty { while place < count, !firstBytes.contains(bytes[place]) { place += 1 } }
            guard append(bytes + start, place - start) else { return .collect }
            guard let match = match(at: place) else {
                if place < count, !append(bytes + place, 1) { return .collect }
                place += 1
                continue
            }
            if !vm.isForced(to.values + match) { return .force }
            let replacement = to.values[match]
            guard replacement.isString else {
                return vm.failExpected("a string", replacement, context: VM.replacementText)
            }
            isUsed[match] = true
            guard append(replacement.object.bytes, replacement.object.field) else { return .collect }
            let matched = from.values[match].object.field
            if matched == 0, place < count, !append(bytes + place, 1) { return .collect }
            place += max(1, matched)
        }
        return finish()
    }

    private func match(at place: Int) -> Int? {
        if place == text.field, !hasEmpty { return nil }
        for index in 0..<from.field {
            let pattern = from.values[index].object
            if pattern.field > text.field - place { continue }
            var offset = 0
            while offset < pattern.field, pattern.bytes[offset] == text.bytes[place + offset] { offset += 1 }
            if offset == pattern.field { return index }
        }
        return nil
    }

    /// Makes room for so many bytes of the result; false when room must be made first.
    private mutating func grow(_ least: Int) -> Bool {
        capacity = max(least, capacity * 2, 64)
        return vm.reserve(Size.string(capacity))
    }

    private mutating func append(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        if length + count > capacity, !grow(length + count) { return false }
        (out + length).update(from: bytes, count: count)
        length += count
        return true
    }

    private mutating func finish() -> Step {
        guard length <= Int(UInt32.max) else { return vm.fail(.value, "string of \(length) bytes is too long") }
        var used = [Value(Tag.string, text)]
        for index in 0..<to.field where isUsed[index] { used.append(to.values[index]) }
        let contexts = used.reduce(0) { sum, value in
            sum + (value.object.hasContext ? value.object.contextSlot.pointee.object.field : 0)
        }
        guard vm.reserve(Size.string(length) + Size.list(contexts)) else { return .collect }
        guard vm.charge(1 + (text.field + length) / 16) else { return .error }
        if length == 0, contexts == 0 { return vm.done(vm.s.pointee.emptyString) }
        // A context's list would be made where the bytes lie, so they are copied; else they are the string's already.
        if contexts > 0 {
            let bytes = Array(UnsafeBufferPointer(start: out, count: length))
            return vm.done(vm.makeString(bytes, context: vm.unionContext(used)))
        }
        let words = Object.words(forBytes: length)
        for index in length..<words * 8 { out[index] = 0 }
        let object = vm.take(words: 1 + words)
        object[0] = Object.header(Kind.string, field: length)
        return vm.done(Value(Tag.string, object))
    }
}
