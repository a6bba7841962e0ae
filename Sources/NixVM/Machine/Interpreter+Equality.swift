/// Equality and order of values of any depth, without native recursion.
///
/// Two values are compared after both are forced. Inside containers the same function is equal to itself, as Nix has
/// it since it compares addresses first; on its own a function equals nothing. Nix's addresses are of values: what a
/// thunk gives is a value of its own, which `valueOfItsOwn` sees to.
extension Interpreter {
    /// `==` on the two values at the top.
    @inline(never)
    func equal() -> Step {
        if !isForced(sp - 2) || !isForced(sp - 1) { return .force }
        let a = (sp - 2).pointee
        let b = (sp - 1).pointee
        switch shallowEqual(a, b) {
        case .equal: return replaceTwo(.true)
        case .different: return replaceTwo(.false)
        case .byElements: return enterOperator(.equalDeep, arguments: 2, flag: false)
        case .stopped: return .error
        }
    }

    /// `assert a == b` on the two values at the top: true, or a failure that says how they differ.
    @inline(never)
    func assertEqual(_ text: Value) -> Step {
        if !isForced(sp - 2) || !isForced(sp - 1) { return .force }
        switch shallowEqual((sp - 2).pointee, (sp - 1).pointee) {
        case .equal: return replaceTwo(.true)
        case .stopped: return .error
        case .different, .byElements: break
        }
        let step = enterOperator(.equalDeep, arguments: 2, flag: true)
        if step == .entered { bp[2] = text }
        return step
    }

    /// What is known of two forced values without a look at their elements.
    enum ShallowEquality {
        case equal, different, byElements
        /// `failure` is set: the evaluation must stop.
        case stopped

        @inline(__always)
        init(_ isEqual: Bool?) { self = isEqual.map { $0 ? .equal : .different } ?? .stopped }
    }

    func shallowEqual(_ a: Value, _ b: Value) -> ShallowEquality {
        if a.isInteger, b.isInteger { return a.integer == b.integer ? .equal : .different }
        if a.isFloat, b.isFloat || b.isInteger {
            return a.float == (b.isFloat ? b.float : Double(b.integer)) ? .equal : .different
        }
        if b.isFloat, a.isInteger { return Double(a.integer) == b.float ? .equal : .different }
        if a.tag != b.tag { return .different }
        switch a.tag {
        case Tag.string: return ShallowEquality(equalBytes(a, b))
        case Tag.list:
            if a.object.field != b.object.field { return .different }
            return a.object.field == 0 ? .equal : .byElements
        case Tag.attributes: return .byElements
        case Tag.immediate: return a.bits == b.bits && !a.isBuiltin ? .equal : .different
        case Tag.other: return a.isPath && b.isPath ? ShallowEquality(equalBytes(a, b)) : .different
        default: return .different
        }
    }

    /// Compares what lies above the frame's slots: items of three values, left, right and the index reached
    /// (-1 before both are forced, -2 while the outputs of two derivations are compared). Slots: left, right, a boolean
    /// if these are the operands of `==` themselves or the text of the assertion that they are equal, state.
    func equalDeepStep() -> Step {
        let items = bp + 4
        if bp[3].isNull {
            guard reserveSlots(3) else { return .collect }
            bp[3] = .true
            pushItem(bp[0], bp[1])
        }
        while sp > items {
            let item = sp - 3
            if item[2].small == Interpreter.comparedByOutput {
                sp = item
                continue
            }
            if item[2].small < 0 {
                if !isForced(item) || !isForced(item + 1) { return .force }
                switch startItem(item, isTop: item == items && !bp[2].isNull) {
                case .next: continue
                case .done: return .done
                case let step: return step
                }
            }
            let index = item[2].small
            if index == item[0].object.field {
                sp = item
                continue
            }
            // Sets that get here have the same names in the same places.
            guard reserveSlots(3), let left = element(of: item[0], at: index) else { return .collect }
            let right = item[0].isList ? item[1].object.values : item[1].object.attributeValues
            let place = item[0].isList ? index : left - item[0].object.attributeValues
            guard charge(1) else { return .error }
            item[2] = Value(small: index + 1)
            if isSettled(left.pointee), isSettled(right[place]), isSame(left.pointee, right[place]) { continue }
            pushItem(left.pointee, right[place])
        }
        return done(.true)
    }

    /// Whether two values of containers are seen to be equal at once, which costs nothing: whether a value lies there
    /// itself depends on collections, and fuel must not.
    private func isSame(_ a: Value, _ b: Value) -> Bool {
        if a.bits == b.bits { return true }
        if a.isString || a.isPath, a.object.field >= Interpreter.bytesPerUnit { return false }
        return shallowEqual(a, b) == .equal
    }

    /// Whether a value lies there itself and not a thunk or what a thunk came to.
    private func isSettled(_ value: Value) -> Bool { value.tag != Tag.thunk }

    /// The index of an item of two derivations whose outputs lie above it.
    static var comparedByOutput: Int { -2 }

    private func pushItem(_ a: Value, _ b: Value) {
        push(a)
        push(b)
        push(Value(small: -1))
    }

    /// Compares the two forced values of an item as far as that needs no element.
    private func startItem(_ item: Slot, isTop: Bool) -> Step {
        let a = item[0]
        let b = item[1]
        if !isTop, a.bits == b.bits {
            sp = item
            return .next
        }
        switch shallowEqual(a, b) {
        case .stopped: return .error
        case .different: return differ(item)
        case .equal:
            sp = item
            return .next
        case .byElements: break
        }
        if a.isAttributes {
            if let step = startDerivations(item) { return step }
            let left = item[0].object
            let right = item[1].object
            if left.field != right.field { return differ(item) }
            guard charge(left.field / 16) else { return .error }
            for index in 0..<left.field
            where left.layout.entries[index].symbol != right.layout.entries[index].symbol {
                return differ(item)
            }
        }
        item[2] = Value(small: 0)
        return .next
    }

    /// Two derivations are equal when their outPath is: the item becomes that of the paths. Nil for other sets.
    private func startDerivations(_ item: Slot) -> Step? {
        for side in 0..<2 {
            guard let type = lookup(item[side].object, Symbols.type) else { return nil }
            if !isForced(type) { return .force }
            guard type.pointee.isString, isBytes(type.pointee, "derivation") else { return nil }
        }
        guard let left = lookup(item[0].object, Symbols.outPath), let right = lookup(item[1].object, Symbols.outPath)
        else { return nil }
        if !isForced(left) || !isForced(right) { return .force }
        guard bp[2].isString else {
            item[0] = left.pointee
            item[1] = right.pointee
            return .next
        }
        guard reserveSlots(3) else { return .collect }
        item[2] = Value(small: Interpreter.comparedByOutput)
        pushItem(left.pointee, right.pointee)
        return .next
    }

    /// The two values of an item differ: the answer, or the failure of the assertion that they are equal.
    private func differ(_ item: Slot) -> Step { bp[2].isString ? failDifferent(item) : done(.false) }

    func isBytes(_ string: Value, _ text: StaticString) -> Bool {
        string.object.field == text.utf8CodeUnitCount
            && compareBytes(
                string.object.byteBuffer, UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
                == 0
    }

    /// Stands for the index of two lists whose elements, now in the slots, decide.
    private static var lastElements: Int { -1 }

    /// That elements of lists had no order, once for each list around them.
    private func noteElements() {
        for _ in 0..<min((sp - (bp + 5)) / 3, BacktraceNotes.bound) {
            machine.notes.append(.text("while comparing two list elements"))
        }
    }

    /// `<` on lists: finds the first elements that differ, and compares those.
    ///
    /// Slots: left, right, negate, index, whether an answer about the elements at the index is at the top. Above them
    /// the lists (left, right, index) inside which these lie.
    func lessThanDeepStep() -> Step {
        if bp[3].isNull { bp[3] = Value(small: -1) }
        if bp[4].isTrue {
            guard reserveSlots(4) else { return .collect }
            bp[4] = .null
            if pop().isTrue {
                bp[3] = Value(small: bp[3].small + 1)
            } else {
                let index = bp[3].small
                push(bp[0])
                push(bp[1])
                push(Value(small: Interpreter.lastElements))
                bp[0] = bp[0].object.values[index]
                bp[1] = bp[1].object.values[index]
                bp[3] = Value(small: -1)
            }
        }
        while true {
            if bp[3].small < 0 {
                if !isForced(bp) || !isForced(bp + 1) { return .force }
                guard bp[0].isList, bp[1].isList else {
                    guard let less = isLess(bp[0], bp[1]) else {
                        if machine.failure?.kind.endsEvaluation == false { noteElements() }
                        return .error
                    }
                    return done(.bool(less != bp[2].isTrue))
                }
                bp[3] = Value(small: 0)
            }
            let index = bp[3].small
            let leftEnds = index >= bp[0].object.field
            let rightEnds = index >= bp[1].object.field
            if leftEnds, rightEnds, sp > bp + 5 {
                sp -= 3
                bp[0] = sp[0]
                bp[1] = sp[1]
                bp[3] = Value(small: sp[2].small + 1)
                continue
            }
            if leftEnds || rightEnds { return done(.bool(!rightEnds != bp[2].isTrue)) }
            guard reserveSlots(8) else { return .collect }
            let left = bp[0].object.values + index
            let right = bp[1].object.values + index
            if !isForced(left) || !isForced(right) { return .force }
            guard charge(1) else { return .error }
            if left.pointee.isList, right.pointee.isList, left.pointee != right.pointee {
                push(bp[0])
                push(bp[1])
                push(bp[3])
                bp[0] = left.pointee
                bp[1] = right.pointee
                bp[3] = Value(small: 0)
                continue
            }
            bp[4] = .true
            push(.builtin(.equalNested))
            push(left.pointee)
            push(right.pointee)
            state.pointee.callCount = 2
            return .call
        }
    }
}
