/// The frame of an equality that looks at elements. Above it are `EqualityItem`s.
struct EqualityFrame: BuiltinFrame {
    let left: Value
    let right: Value
    /// A Boolean if left and right are the operands of `==` themselves, the text of the assertion that they are equal,
    /// or null if they are elements.
    var context: Value
    @Held var hasBegun: Bool

    var isOperator: Bool { !context.isNull }
    var isAssertion: Bool { context.isString }
}

/// Two values that are compared.
struct EqualityItem: BuiltinFrame {
    var left: Value
    var right: Value
    /// The index of the elements that are compared next, or `notForced` or `comparedByOutput`.
    @Held var index: Int

    /// The index before both values are forced.
    static var notForced: Int { -1 }
    /// The index of two derivations while the item above compares their outputs.
    static var comparedByOutput: Int { -2 }
}

/// Equality of values of any depth, without native recursion.
///
/// Two values are compared after both have been forced. Nix compares addresses first, so inside containers a function
/// is equal to itself, while on its own a function equals nothing. These addresses are those of values, and the value
/// of a thunk has its own; `copyWithOwnIdentity` preserves this.
extension Interpreter {
    /// `==` on the two values at the top of the stack.
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

    /// `assert a == b` on the two values at the top of the stack. The result is true, or a failure that says how they
    /// differ.
    @inline(never)
    func assertEqual(_ text: Value) -> Step {
        if !isForced(sp - 2) || !isForced(sp - 1) { return .force }
        switch shallowEqual((sp - 2).pointee, (sp - 1).pointee) {
        case .equal: return replaceTwo(.true)
        case .stopped: return .error
        case .different, .byElements: break
        }
        let step = enterOperator(.equalDeep, arguments: 2, flag: true)
        if step == .entered { frame.context = text }
        return step
    }

    /// What can be said of two forced values without looking at their elements.
    enum ShallowEquality {
        case equal, different, byElements
        /// The evaluation must stop, and `failure` is set.
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

    private var frame: EqualityFrame {
        @inline(__always) _read { yield topFrame(as: EqualityFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: EqualityFrame.self).pointee }
    }

    /// Compares the items above the frame until none is left.
    func equalDeepStep() -> Step {
        if !frame.hasBegun {
            guard reserveSlots(3) else { return .collect }
            frame.hasBegun = true
            pushItem(frame.left, frame.right)
        }
        let items = above(EqualityFrame.self)
        while sp > items {
            let slot = sp - EqualityItem.count
            let item = slot.words(as: EqualityItem.self)
            if item.pointee.index == EqualityItem.comparedByOutput {
                sp = slot
                continue
            }
            if item.pointee.index < 0 {
                if !isForced(slot) || !isForced(slot + 1) { return .force }
                let step = startItem(item, isTop: slot == items && frame.isOperator)
                if step == .next { continue }
                return step
            }
            let index = item.pointee.index
            let container = item.pointee.left
            if index == container.object.field {
                sp = slot
                continue
            }
            // Sets that reach this point have the same names at the same indices.
            guard reserveSlots(3), let left = element(of: container, at: index) else { return .collect }
            let isList = container.isList
            let other = item.pointee.right.object
            let right = isList ? other.values : other.attributeValues
            let position = isList ? index : left - container.object.attributeValues
            guard charge(1) else { return .error }
            item.pointee.index = index + 1
            if isSettled(left.pointee), isSettled(right[position]), isSame(left.pointee, right[position]) { continue }
            pushItem(left.pointee, right[position])
        }
        return done(.true)
    }

    /// Whether two values in containers are seen to be equal without charging fuel. Collections decide whether a slot
    /// holds a value or an indirection to it, and fuel must not depend on that.
    private func isSame(_ a: Value, _ b: Value) -> Bool {
        if a.bits == b.bits { return true }
        if a.isString || a.isPath, a.object.field >= Interpreter.bytesPerUnit { return false }
        return shallowEqual(a, b) == .equal
    }

    /// Whether the slot holds a value itself, and not a thunk or an indirection.
    private func isSettled(_ value: Value) -> Bool { value.tag != Tag.thunk }

    private func pushItem(_ a: Value, _ b: Value) {
        push(a)
        push(b)
        push(Value(small: EqualityItem.notForced))
    }

    /// Compares the two forced values of an item as far as that needs none of their elements.
    private func startItem(_ item: UnsafeMutablePointer<EqualityItem>, isTop: Bool) -> Step {
        let a = item.pointee.left
        let b = item.pointee.right
        if !isTop, a.withoutFlattened == b.withoutFlattened { return removeItem() }
        switch shallowEqual(a, b) {
        case .stopped: return .error
        case .different: return differ(item)
        case .equal: return removeItem()
        case .byElements: break
        }
        if a.isAttributes {
            if let step = startDerivations(item) { return step }
            let left = item.pointee.left.object
            let right = item.pointee.right.object
            if left.field != right.field { return differ(item) }
            guard let left = flattened(left), let right = flattened(right) else { return .collect }
            guard charge(left.field / 16) else { return .error }
            let (leftEntries, rightEntries) = (left.ownLayout.entries, right.ownLayout.entries)
            for index in 0..<left.field where leftEntries[index].symbol != rightEntries[index].symbol {
                return differ(item)
            }
        }
        item.pointee.index = 0
        return .next
    }

    /// Removes the item at the top, whose values are equal.
    @inline(__always)
    private func removeItem() -> Step {
        sp -= EqualityItem.count
        return .next
    }

    /// Replaces an item of two derivations by one of their output paths, since derivations are equal when these are.
    /// The result is nil for other sets.
    private func startDerivations(_ item: UnsafeMutablePointer<EqualityItem>) -> Step? {
        let a = item.pointee.left.object
        let b = item.pointee.right.object
        for side in 0..<2 {
            guard let type = lookup(side == 0 ? a : b, Symbols.type) else { return nil }
            if !isForced(type) { return .force }
            guard type.pointee.isString, isBytes(type.pointee, "derivation") else { return nil }
        }
        guard let left = lookup(a, Symbols.outPath), let right = lookup(b, Symbols.outPath) else { return nil }
        if !isForced(left) || !isForced(right) { return .force }
        guard frame.isAssertion else {
            item.pointee.left = left.pointee
            item.pointee.right = right.pointee
            return .next
        }
        guard reserveSlots(3) else { return .collect }
        item.pointee.index = EqualityItem.comparedByOutput
        pushItem(left.pointee, right.pointee)
        return .next
    }

    /// Answers that the two values of an item differ, or fails the assertion that they are equal.
    private func differ(_ item: UnsafeMutablePointer<EqualityItem>) -> Step {
        frame.isAssertion ? failDifferent(item) : done(.false)
    }

    func isBytes(_ string: Value, _ text: StaticString) -> Bool {
        string.object.field == text.utf8CodeUnitCount
            && compareBytes(
                string.object.byteBuffer, UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
                == 0
    }
}
