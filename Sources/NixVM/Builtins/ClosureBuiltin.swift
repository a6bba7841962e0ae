/// `genericClosure`: everything reachable from `startSet` through `operator`, each `key` once, in breadth-first order.
///
/// Keys are compared as `<` compares them, in a tree (`KeyTree`). Slots: argument, work (an array used as a queue), its
/// head, its tail, nodes of the tree (an array), their number, the root, phase, the node reached while lists are
/// compared. The nodes lie in the order of the result. While the operator's answer is taken, it is at the top, then
/// also the index of the element to be forced.
private enum ClosurePhase {
    /// The next element is to be looked at.
    static let next = 0
    /// The operator was called with the item found last.
    static let operated = 1
    /// Whether the element's key is less than the node's is at the top.
    static let descending = 2
    /// Whether the key before it is less than the element's is at the top.
    static let checking = 3
}

extension Interpreter {
    func closureStep() -> Step {
        guard argument(0).isAttributes else { return failExpected("a set", argument(0)) }
        if bp[7].isNull {
            let step = startClosure()
            if step != .next { return step }
        }
        while true {
            let step: Step
            switch bp[7].small {
            case ClosurePhase.operated: step = takeAnswer()
            case ClosurePhase.descending, ClosurePhase.checking: step = takeVerdict()
            default:
                if bp[2].small == bp[3].small { return finishClosure() }
                step = visitElement()
            }
            if step != .next { return step }
        }
    }

    private func startClosure() -> Step {
        let set = bp[0].object
        guard let start = lookup(set, Symbols.startSet) else {
            return failMissingAttribute(bp[0], Symbols.startSet, context: Self.closureArgument)
        }
        if !isForced(start) { return .force }
        guard start.pointee.isList else {
            return failExpected("a list", start.pointee, context: Self.closureText("startSet"))
        }
        if start.pointee.object.field == 0 { return done(start.pointee) }
        guard let function = lookup(set, Symbols.operator) else {
            return failMissingAttribute(bp[0], Symbols.operator, context: Self.closureArgument)
        }
        if !isForced(function) { return .force }
        guard isCallable(function.pointee) else {
            return failExpected("a function", function.pointee, context: Self.closureText("operator"))
        }
        let count = start.pointee.object.field
        let nodes = 8 * KeyTree.stride
        guard reserve(Size.array(count * 2) + Size.array(nodes)) else { return .collect }
        guard charge(1 + count / 16) else { return .error }
        bp[1] = emptyArray(count * 2)
        bp[1].object.values.update(from: start.pointee.object.values, count: count)
        bp[2] = Value(small: 0)
        bp[3] = Value(small: count)
        bp[4] = emptyArray(nodes)
        bp[5] = Value(small: 0)
        bp[6] = Value(small: KeyTree.none)
        bp[7] = Value(small: ClosurePhase.next)
        return .next
    }

    private static var closureArgument: String { "in the attrset passed as argument to builtins.genericClosure" }

    private static func closureText(_ name: String) -> String {
        "while evaluating the '\(name)' attribute passed as argument to builtins.genericClosure"
    }

    private func emptyArray(_ capacity: Int) -> Value {
        let array = allocate(words: 1 + capacity)
        array[0] = Object.header(Kind.array, field: capacity)
        for index in 0..<capacity { array.values[index] = .null }
        return Value(Tag.other, array)
    }

    private var tree: KeyTree { KeyTree(interpreter: self, nodes: bp[4].object.values, root: bp + 6, count: bp + 5) }

    /// The element at the head of the queue, which is looked at.
    private var element: Slot { bp[1].object.values + bp[2].small }

    /// Looks at the element at the head: forces it and its key, and finds the key's place.
    private func visitElement() -> Step {
        let element = element
        if !isForced(element) { return .force }
        guard element.pointee.isAttributes else {
            return failExpected("a set", element.pointee, context: elementText(element.pointee))
        }
        guard let key = lookup(element.pointee.object, Symbols.key) else {
            return failMissingAttribute(element.pointee, Symbols.key, context: elementText(element.pointee))
        }
        if !isForced(key) { return .force }
        guard reserve(growth), reserveSlots(4) else { return .collect }
        guard charge(1) else { return .error }
        return descend(from: bp[6].small, key.pointee, parent: KeyTree.none)
    }

    private func elementText(_ element: Value) -> String { "in genericClosure element \(shown(element))" }

    /// Goes down from a node to where the key belongs.
    private func descend(from start: Int, _ key: Value, parent: Int) -> Step {
        var node = start
        var parent = parent
        var isLeft = true
        if parent != KeyTree.none { isLeft = bp[8].bits == Value.true.bits }
        while node != KeyTree.none {
            let other = tree.key(node)
            if key.isList, other.isList { return compareLists(key, other, ClosurePhase.descending, node) }
            guard let less = isLess(key, other) else { return failOrder(key) }
            parent = node
            isLeft = less
            node = less ? tree.left(node) : tree.right(node)
        }
        return check(key, parent, isLeft: isLeft)
    }

    /// At the place of a new key: whether it equals the one before it.
    private func check(_ key: Value, _ parent: Int, isLeft: Bool) -> Step {
        var before = parent
        if isLeft {
            if parent == KeyTree.none { return insert(key, parent, isLeft: true) }
            before = tree.predecessor(parent)
            if before == KeyTree.none { return insert(key, parent, isLeft: true) }
        }
        let other = tree.key(before)
        if key.isList, other.isList {
            bp[8] = .bool(isLeft)
            return compareLists(other, key, ClosurePhase.checking, parent)
        }
        guard let less = isLess(other, key) else { return failOrder(key) }
        return less ? insert(key, parent, isLeft: isLeft) : skipElement()
    }

    /// Slot 9 keeps the node, slot 8 the side on which the key goes.
    private func compareLists(_ a: Value, _ b: Value, _ phase: Int, _ node: Int) -> Step {
        guard reserveSlots(4) else { return .collect }
        bp[7] = Value(small: phase)
        bp[9] = Value(small: node)
        push(.builtin(Builtin.lessThanDeep))
        push(a)
        push(b)
        state.pointee.callCount = 2
        return .call
    }

    /// Goes on with the answer about two lists.
    private func takeVerdict() -> Step {
        guard reserve(growth) else { return .collect }
        let isDescending = bp[7].small == ClosurePhase.descending
        let less = pop().isTrue
        let node = bp[9].small
        bp[7] = Value(small: ClosurePhase.next)
        guard let key = lookup(element.pointee.object, Symbols.key)?.pointee else { return .error }
        guard isDescending else { return less ? insert(key, node, isLeft: bp[8].isTrue) : skipElement() }
        bp[8] = .bool(less)
        return descend(from: less ? tree.left(node) : tree.right(node), key, parent: node)
    }

    /// Bytes for one node more.
    private var growth: Int {
        let needed = (bp[5].small + 1) * KeyTree.stride
        return needed <= bp[4].object.field ? 0 : Size.array(bp[4].object.field * 2)
    }

    private func skipElement() -> Step {
        bp[2] = Value(small: bp[2].small + 1)
        return .next
    }

    /// Adds the element at the head with its key, and calls the operator with it.
    private func insert(_ key: Value, _ parent: Int, isLeft: Bool) -> Step {
        let growth = growth
        guard reserve(growth) else { return .collect }
        guard reserveSlots(4) else { return .collect }
        if growth > 0 {
            let larger = emptyArray(bp[4].object.field * 2)
            guard copy(bp[4].object.values, to: larger.object.values, count: bp[4].object.field) else { return .error }
            bp[4] = larger
        }
        guard let function = lookup(bp[0].object, Symbols.operator) else { return .error }
        let item = element.pointee
        tree.insert(key, item: item, parent: parent, isLeft: isLeft)
        bp[2] = Value(small: bp[2].small + 1)
        bp[7] = Value(small: ClosurePhase.operated)
        return callWith(function.pointee, item)
    }

    /// Puts the elements that the operator gave, all forced, into the queue.
    private func takeAnswer() -> Step {
        let base = bp + 10
        if sp == base + 1 {
            guard base.pointee.isList else {
                return failExpected(
                    "a list", base.pointee,
                    context: "while evaluating the return value of the `operator` passed to builtins.genericClosure")
            }
            push(Value(small: 0))
        }
        let list = base.pointee.object
        while base[1].small < list.field {
            if !isForced(list.values + base[1].small) { return .force }
            base[1] = Value(small: base[1].small + 1)
        }
        let waiting = bp[3].small - bp[2].small
        let grows = bp[3].small + list.field > bp[1].object.field
        let capacity = (waiting + list.field) * 2
        guard reserve(grows ? Size.array(capacity) : 0) else { return .collect }
        guard charge(1 + list.field / 16) else { return .error }
        if grows {
            let larger = emptyArray(capacity)
            guard copy(bp[1].object.values + bp[2].small, to: larger.object.values, count: waiting) else {
                return .error
            }
            bp[1] = larger
            bp[2] = Value(small: 0)
            bp[3] = Value(small: waiting)
        }
        let answer = base.pointee.object
        let end = bp[1].object.values + bp[3].small
        for index in 0..<answer.field {
            guard poll(at: index) else { return .error }
            write(answer.values[index], to: end + index)
        }
        bp[3] = Value(small: bp[3].small + answer.field)
        bp[7] = Value(small: ClosurePhase.next)
        sp = base
        return .next
    }

    private func finishClosure() -> Step {
        let count = bp[5].small
        guard reserve(Size.list(count)) else { return .collect }
        let result = makeList(count)
        guard charge(1 + count / 16) else { return .error }
        for index in 0..<count {
            guard poll(at: index) else { return .error }
            result.object.values[index] = tree.item(index)
        }
        return done(result)
    }

    // MARK: Failures

    /// What the frame on top was doing with an element.
    func noteClosure(_ location: FrameLocation) {
        guard bp[7].isSmall else {
            if let forced = location.forced, bp[0].isAttributes,
                lookup(bp[0].object, Symbols.operator)?.pointee.bits == Value(Tag.thunk, forced).bits
            {
                machine.notes.append(.text(Self.closureText("operator")))
            }
            return
        }
        switch bp[7].small {
        case ClosurePhase.operated: noteOperator()
        case ClosurePhase.descending, ClosurePhase.checking:
            noteComparison(with: tree.item(bp[9].small))
        default:
            guard let forced = location.forced, bp[2].small < bp[3].small,
                element.pointee.bits == Value(Tag.thunk, forced).bits
            else { return }
            machine.notes.append(.text(elementText(element.pointee)))
        }
    }

    private func noteOperator() {
        let item = tree.item(bp[5].small - 1)
        machine.notes.append(.text("while calling operator on genericClosure element \(shown(item))"))
    }

    /// Two keys have no order: says so of the first element, in the order of keys, with whose key that is.
    private func failOrder(_ key: Value) -> Step {
        if machine.failure?.kind.endsEvaluation == false { noteComparison(key) }
        return .error
    }

    private func noteComparison(_ key: Value) {
        let failure = machine.failure
        let notes = machine.notes
        var other: Value?
        var node = tree.first
        while node != KeyTree.none, other == nil {
            if !(key.isList && tree.key(node).isList), isLess(key, tree.key(node)) == nil { other = tree.item(node) }
            node = tree.successor(node)
        }
        machine.failure = failure
        machine.notes = notes
        guard let other else {
            machine.notes.append(.text("while checking key of element \(shown(element.pointee))"))
            return
        }
        noteComparison(with: other)
    }

    private func noteComparison(with other: Value) {
        machine.notes.append(.text("with element \(shown(other))"))
        machine.notes.append(.text("while comparing element \(shown(element.pointee))"))
    }
}
