import NixStore

/// String contexts.
///
/// A context is a sorted list of elements. Each element is a string in the permanent range, which exists once per
/// machine, so equal elements are the same object. Elements are sorted by address, so a union merges two sorted arrays
/// of words. Contexts are never changed, and most strings share those of few derivations.
///
/// The text of an element is that of Nix: a store path; `=` and a derivation's path, for it and everything it reaches;
/// or `!output!` and a derivation's path. The latter path is another such text if the derivation is itself an output
/// that must be built.
extension Interpreter {
    /// The context of a string, or null if it has none.
    @inline(__always)
    func context(of string: Value) -> Value {
        string.object.hasContext ? string.object.contextSlot.pointee : .null
    }

    /// The bytes of contexts that are merged for one unit of fuel.
    static var contextBytesPerUnit: Int { 256 }

    /// The most bytes that the union of the contexts of `count` values may take. Values other than strings have no
    /// context.
    func contextBytes(_ strings: Slot, _ count: Int) -> Int {
        var elements = 0
        var last = Value.null
        for index in 0..<count where strings[index].isString && strings[index].object.hasContext {
            let context = strings[index].object.contextSlot.pointee
            if context != last { elements += context.object.field }
            last = context
        }
        return elements == 0 ? 0 : Size.list(elements)
    }

    /// The union of two contexts. The caller has reserved `Size.list` for the sum of their counts.
    func joinContexts(_ a: Value, _ b: Value) -> Value {
        if a.isNull || a == b { return b }
        if b.isNull { return a }
        let left = a.object
        let right = b.object
        let result = state.pointee.registers.hp.assumingMemoryBound(to: UInt64.self)
        var (i, j, count) = (0, 0, 0)
        while i < left.field, j < right.field {
            let x = left.values[i]
            let y = right.values[j]
            result.values[count] = x.bits <= y.bits ? x : y
            if x.bits <= y.bits { i += 1 }
            if y.bits <= x.bits { j += 1 }
            count += 1
        }
        while i < left.field {
            result.values[count] = left.values[i]
            (i, count) = (i + 1, count + 1)
        }
        while j < right.field {
            result.values[count] = right.values[j]
            (j, count) = (j + 1, count + 1)
        }
        // If one context contains the other, it is the union itself, and nothing is allocated.
        if count == left.field { return a }
        if count == right.field { return b }
        result[0] = Object.header(Kind.list, field: count)
        _ = allocate(words: 1 &+ count)
        return Value(Tag.list, result)
    }

    /// The union of the contexts of `count` values. The caller has reserved `contextBytes`.
    func unionContext(_ strings: Slot, _ count: Int) -> Value {
        var distinct: [Value] = []
        var only = Value.null
        for index in 0..<count where strings[index].isString && strings[index].object.hasContext {
            let context = strings[index].object.contextSlot.pointee
            if context == only { continue }
            if !distinct.isEmpty || !only.isNull { distinct.append(context) } else { only = context }
        }
        if distinct.isEmpty { return only }
        if distinct.count == 1 { return joinContexts(only, distinct[0]) }
        distinct.append(only)
        return mergeAll(distinct)
    }

    /// The same for strings that are not in slots. The caller has reserved `Size.list` for the sum of their counts.
    func unionContext(_ strings: [Value]) -> Value {
        var strings = strings
        return strings.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.map { unionContext($0, buffer.count) } ?? .null
        }
    }

    private func mergeAll(_ contexts: [Value]) -> Value {
        var elements: [UInt64] = []
        for context in contexts {
            for index in 0..<context.object.field { elements.append(context.object.values[index].bits) }
        }
        // When sorting is stopped, the evaluation ends and the order does not matter.
        _ = elements.withUnsafeMutableBufferPointer { buffer in sort(&buffer, by: <) }
        let result = state.pointee.registers.hp.assumingMemoryBound(to: UInt64.self)
        var count = 0
        for element in elements where count == 0 || result[count] != element {
            count += 1
            result[count] = element
        }
        if let whole = contexts.first(where: { $0.object.field == count }) { return whole }
        result[0] = Object.header(Kind.list, field: count)
        _ = allocate(words: 1 &+ count)
        return Value(Tag.list, result)
    }

    /// The bytes outside the heap that new context elements take, with a context for each. A step reserves them before
    /// it creates any.
    ///
    /// - Parameters:
    ///   - count: the number of elements.
    ///   - textBytes: the bytes of all their texts.
    func contextGrowth(_ count: Int, textBytes: Int) -> Int {
        // The symbol table grows at most once for all of them.
        2 &* textBytes &+ count &* Interpreter.contextElementBytes &+ state.pointee.symbols.growth(forLength: 0)
    }

    /// The bytes of an element without its text and the string of the text: symbol, context and table entries.
    private static var contextElementBytes: Int { 512 }
    /// The bytes of the table entries for an element and for its context.
    private static var contextEntryBytes: Int { 192 }

    /// Reserves memory outside the heap for a store path of any length and a string with it in its context. A step
    /// calls it before it determines the path.
    func reserveStorePath() -> Bool {
        let longest = StorePath.prefixLength + StorePath.maximumNameLength
        return reserveOutside(contextGrowth(1, textBytes: longest) + Size.string(longest))
    }

    /// The same for a path that is copied to the store, whose name is kept with the result.
    ///
    /// - Parameter length: the length of the path.
    func reserveCopiedPath(_ length: Int) -> Bool {
        let longest = StorePath.prefixLength + StorePath.maximumNameLength
        return reserveOutside(contextGrowth(2, textBytes: longest + length) + Size.string(longest))
    }

    /// The one object for an element; nil with `failure` set.
    func contextElement(_ text: [UInt8]) -> Value? { symbol(ofCharged: text).map { nameString($0) } }

    /// A context of one element, made once and kept; nil with `failure` set. `contextGrowth` reserved.
    func singleContext(_ text: [UInt8]) -> Value? { text.withUnsafeBufferPointer { singleContext($0) } }

    /// The same for a text that is not kept.
    func singleContext(_ text: UnsafeBufferPointer<UInt8>) -> Value? {
        guard let element = symbol(ofCharged: text).map({ nameString($0) }) else { return nil }
        var entry = machine.store.elements.find(element.bits) ?? ContextElementEntry()
        if entry.context != 0 { return Value(bits: entry.context) }
        guard let list = takePermanent(words: 2) else { return nil }
        list[0] = Object.header(Kind.list, field: 1)
        list.values[0] = element
        let context = Value(Tag.list, list)
        entry.context = context.bits
        machine.store.elements.set(element.bits, entry)
        countOutsideHeap(Interpreter.contextEntryBytes)
        return context
    }

    /// Notes which output of which derivation a context with one element is about.
    func noteOutput(_ context: Value, record: Int, nameLength: Int) {
        noteOutput(element: context.object.values[0].bits, record: record, nameLength: nameLength)
    }

    /// The same for the bits of an element.
    func noteOutput(element: UInt64, record: Int, nameLength: Int) {
        var entry = machine.store.elements.find(element) ?? ContextElementEntry()
        entry.record = UInt32(truncatingIfNeeded: record)
        entry.outputLength = UInt32(truncatingIfNeeded: nameLength)
        machine.store.elements.set(element, entry)
    }

    /// A context of any elements; nil with `failure` set. `Size.list` of their number and `contextGrowth` reserved.
    func makeContext(_ texts: [[UInt8]]) -> Value? {
        if texts.isEmpty { return .null }
        if texts.count == 1 { return singleContext(texts[0]) }
        var distinct: Set<UInt64> = []
        for (index, text) in texts.enumerated() {
            guard poll(at: index), let element = contextElement(text) else { return nil }
            distinct.insert(element.bits)
        }
        if distinct.count == 1 { return singleContext(texts[0]) }
        let elements = distinct.sorted()
        let result = makeList(elements.count)
        for (index, element) in elements.enumerated() { result.object.values[index] = Value(bits: element) }
        return result
    }

    /// The meanings of a context's elements, in the order that Nix uses.
    func elements(of context: Value) -> [ContextElement] {
        if context.isNull { return [] }
        return (0..<context.object.field).map { ContextElement(context.object.values[$0].object.byteBuffer) }.sorted()
    }

    /// The same for the context of a string.
    func elements(of string: StringRef) -> [ContextElement] { elements(of: string.object) }

    func elements(of string: Object) -> [ContextElement] {
        string.hasContext ? elements(of: string.contextSlot.pointee) : []
    }

    /// A string of the permanent range with a context of the permanent range; nil with `failure` set.
    func permanentString(_ bytes: [UInt8], context: Value) -> Value? {
        let words = Object.words(forBytes: bytes.count)
        guard let object = takePermanent(words: 2 + words) else { return nil }
        object[0] = Object.header(Kind.string, field: bytes.count) | Object.contextFlag
        if words > 0 { object[words] = 0 }
        bytes.withUnsafeBufferPointer {
            if let base = $0.baseAddress { object.bytes.update(from: base, count: $0.count) }
        }
        object[1 + words] = context.bits
        return Value(Tag.string, object)
    }
}
