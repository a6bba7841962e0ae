import NixStore

/// String contexts.
///
/// A context is a list of its elements, each a string of the permanent range, made once per machine: equal elements
/// are one object, and order is by address, so that a union is a merge of two sorted arrays of words. Contexts are
/// never changed; most strings share those of few derivations.
///
/// The text of an element, as Nix writes it: a store path; `=` and a derivation's path for it and all it reaches;
/// `!output!` and a derivation's path, or another such text where the derivation is itself an output still to be built.
extension Interpreter {
    /// The context of a string; null for none.
    @inline(__always)
    func context(of string: Value) -> Value {
        string.object.hasContext ? string.object.contextSlot.pointee : .null
    }

    /// Bytes of contexts that are joined for one unit of fuel.
    static var contextBytesPerUnit: Int { 256 }

    /// Bytes that the union of the contexts of `count` strings may take; other values have none.
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

    /// The union of two contexts; `Size.list` of the sum of their counts reserved.
    func joinContexts(_ a: Value, _ b: Value) -> Value {
        if a.isNull || a == b { return b }
        if b.isNull { return a }
        let left = a.object
        let right = b.object
        let result = state.pointee.r.hp.assumingMemoryBound(to: UInt64.self)
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
        // One may hold all of the other: then it is the union itself, and nothing is taken.
        if count == left.field { return a }
        if count == right.field { return b }
        result[0] = Object.header(Kind.list, field: count)
        _ = take(words: 1 &+ count)
        return Value(Tag.list, result)
    }

    /// The union of the contexts of strings; other values have none. `contextBytes` reserved.
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

    /// The union of the contexts of strings that lie in no slots; `Size.list` of the sum of their counts reserved.
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
        // When it is stopped, so is the evaluation, and nobody looks at the order.
        _ = elements.withUnsafeMutableBufferPointer { buffer in sort(&buffer, by: <) }
        let result = state.pointee.r.hp.assumingMemoryBound(to: UInt64.self)
        var count = 0
        for element in elements where count == 0 || result[count] != element {
            count += 1
            result[count] = element
        }
        if let whole = contexts.first(where: { $0.object.field == count }) { return whole }
        result[0] = Object.header(Kind.list, field: count)
        _ = take(words: 1 &+ count)
        return Value(Tag.list, result)
    }

    /// Bytes beside the heap that new elements of contexts take, and a context of each: a step reserves them before it
    /// makes any.
    ///
    /// - Parameters:
    ///   - count: of the elements.
    ///   - textBytes: of the texts of all.
    func contextGrowth(_ count: Int, textBytes: Int) -> Int {
        // The table of symbols grows at most once for all of them.
        2 &* textBytes &+ count &* Interpreter.contextElementBytes &+ state.pointee.symbols.growth(forLength: 0)
    }

    /// What an element takes beside its text and the text's string: symbol, context, and entries of tables.
    private static var contextElementBytes: Int { 512 }
    /// What a table tells of an element and of its context.
    private static var contextEntryBytes: Int { 192 }

    /// Makes sure of room beside the heap for a store path and a string that refers to it: before a step begins to find
    /// out which path it is.
    func reserveStorePath() -> Bool {
        let longest = StorePath.prefixLength + StorePath.maximumNameLength
        return reserveOutside(contextGrowth(1, textBytes: longest) + Size.string(longest))
    }

    /// The one object for an element; nil with `failure` set.
    func contextElement(_ text: [UInt8]) -> Value? { symbol(ofCharged: text).map { nameString($0) } }

    /// A context of one element, made once and kept; nil with `failure` set. `contextGrowth` reserved.
    func singleContext(_ text: [UInt8]) -> Value? {
        guard let element = contextElement(text) else { return nil }
        if let known = machine.store.singleContexts[element.bits] { return known }
        guard let list = takePermanent(words: 2) else { return nil }
        list[0] = Object.header(Kind.list, field: 1)
        list.values[0] = element
        let context = Value(Tag.list, list)
        machine.store.singleContexts[element.bits] = context
        countOutsideHeap(Interpreter.contextEntryBytes)
        return context
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

    /// What the elements of a context mean, in Nix's order.
    func elements(of context: Value) -> [ContextElement] {
        if context.isNull { return [] }
        return (0..<context.object.field).map { machine.contextElement(context.object.values[$0]) }.sorted()
    }

    /// The elements of a string's context.
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
