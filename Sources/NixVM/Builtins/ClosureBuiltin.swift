/// `genericClosure`: everything reachable from `startSet` through `operator`, each `key` once, in breadth-first order.
///
/// Keys are numbers, strings, paths or lists of them. Those seen lie sorted in an array; a new key finds its place by
/// binary search, comparing as `<` does. Slots: argument, items found (array), count, next to visit, keys (array),
/// state, candidates (a list or null), candidate index.
extension VM {
    func closureStep() -> Step {
        guard argument(0).isAttributes else { return failExpected("a set", argument(0)) }
        let set = bp[0].object
        guard let start = lookup(set, Symbols.startSet) else {
            return failMissingAttribute(bp[0], Symbols.startSet, context: Self.closureArgument)
        }
        if !isForced(start) { return .force }
        guard start.pointee.isList else {
            return failExpected(
                "a list", start.pointee,
                context: "while evaluating the 'startSet' attribute passed as argument to builtins.genericClosure")
        }
        if bp[5].isNull {
            if start.pointee.object.field == 0 { return done(start.pointee) }
            guard let function = lookup(set, Symbols.operator) else {
                return failMissingAttribute(bp[0], Symbols.operator, context: Self.closureArgument)
            }
            if !isForced(function) { return .force }
            guard isCallable(function.pointee) else {
                return failExpected(
                    "a function", function.pointee,
                    context: "while evaluating the 'operator' attribute passed as argument to builtins.genericClosure")
            }
            guard reserve(Size.array(16) * 2) else { return .collect }
            bp[1] = emptyArray(16)
            bp[4] = emptyArray(16)
            bp[2] = Value(small: 0)
            bp[3] = Value(small: 0)
            bp[5] = .true
            push(start.pointee)
        }
        while true {
            // Above the slots: a list of candidates and, once begun, the index of the next.
            if sp == bp + 7 {
                if bp[3].small == bp[2].small { return finishClosure() }
                guard let function = lookup(bp[0].object, Symbols.operator) else { return .error }
                let item = bp[1].object.values[bp[3].small]
                bp[3] = Value(small: bp[3].small + 1)
                return callWith(function.pointee, item)
            }
            if sp == bp + 8 {
                guard (sp - 1).pointee.isList else {
                    let step = failExpected(
                        "a list", (sp - 1).pointee,
                        context: "while evaluating the return value of the `operator` passed to builtins.genericClosure"
                    )
                    let item = bp[1].object.values[bp[3].small - 1]
                    machine.notes.append(.text("while calling operator on genericClosure element \(shown(item))"))
                    return step
                }
                push(Value(small: 0))
            }
            let candidates = bp[7].object
            if bp[8].small == candidates.field {
                sp = bp + 7
                continue
            }
            let step = addCandidate(candidates.values + bp[8].small)
            if step != .next { return step }
        }
    }

    private func emptyArray(_ capacity: Int) -> Value {
        let array = take(words: 1 + capacity)
        array[0] = Object.header(Kind.array, field: capacity)
        for index in 0..<capacity { array.values[index] = .null }
        return Value(Tag.other, array)
    }

    /// Adds one candidate unless its key is known.
    private func addCandidate(_ slot: Slot) -> Step {
        if !isForced(slot) { return .force }
        guard slot.pointee.isAttributes else {
            return failExpected("a set", slot.pointee, context: "in genericClosure element \(shown(slot.pointee))")
        }
        guard let key = lookup(slot.pointee.object, Symbols.key) else {
            return failMissingAttribute(
                slot.pointee, Symbols.key, context: "in genericClosure element \(shown(slot.pointee))")
        }
        if !isForced(key) { return .force }
        if let step = forceKeyElements(key.pointee) { return step }
        let count = bp[2].small
        guard reserve(Size.array(count * 2 + 2) * 2) else { return .collect }
        guard charge(1) else { return .error }
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            guard let order = keyOrder(key.pointee, bp[4].object.values[middle]).map({ -$0 }) else {
                noteClosureElements(slot.pointee, key: bp[4].object.values[middle])
                return .error
            }
            if order == 0 {
                bp[8] = Value(small: bp[8].small + 1)
                return .next
            }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        insertKey(key.pointee, at: low, item: slot.pointee)
        bp[8] = Value(small: bp[8].small + 1)
        return .next
    }

    /// Forces the elements of a key that is a list, to a depth where keys still make sense.
    private func forceKeyElements(_ key: Value) -> Step? {
        guard key.isList else { return nil }
        for index in 0..<key.object.field {
            if !isForced(key.object.values + index) { return .force }
            if key.object.values[index].isList {
                return fail(.type, "cannot compare nested lists as keys of 'builtins.genericClosure'")
            }
        }
        return nil
    }

    /// Below, equal or above zero; nil with `failure` set when the keys have no order.
    private func keyOrder(_ a: Value, _ b: Value) -> Int? {
        if a.isList, b.isList {
            for index in 0..<min(a.object.field, b.object.field) {
                guard let order = keyOrder(a.object.values[index], b.object.values[index]) else { return nil }
                if order != 0 { return order }
            }
            return a.object.field - b.object.field
        }
        guard let less = isLess(a, b) else { return nil }
        if less { return -1 }
        guard let greater = isLess(b, a) else { return nil }
        return greater ? 1 : 0
    }

    /// What was compared when two keys had no order.
    private func noteClosureElements(_ element: Value, key: Value) {
        let items = bp[1].object.values
        let other = (0..<bp[2].small).first { index in
            items[index].isAttributes && lookup(items[index].object, Symbols.key)?.pointee.bits == key.bits
        }
        if let other { machine.notes.append(.text("with element \(shown(items[other]))")) }
        machine.notes.append(.text("while comparing element \(shown(element))"))
    }

    private static var closureArgument: String { "in the attrset passed as argument to builtins.genericClosure" }

    private func insertKey(_ key: Value, at place: Int, item: Value) {
        let count = bp[2].small
        if count == bp[1].object.field {
            for index in [1, 4] {
                let larger = emptyArray(count * 2)
                larger.object.values.update(from: bp[index].object.values, count: count)
                bp[index] = larger
            }
        }
        bp[1].object.values[count] = item
        let keys = bp[4].object.values
        (keys + (place + 1)).update(from: keys + place, count: count - place)
        keys[place] = key
        noteWrite(bp[1].object)
        noteWrite(bp[4].object)
        bp[2] = Value(small: count + 1)
    }

    private func finishClosure() -> Step {
        let count = bp[2].small
        guard reserve(Size.list(count)) else { return .collect }
        let result = makeList(count)
        result.object.values.update(from: bp[1].object.values, count: count)
        return done(result)
    }
}
