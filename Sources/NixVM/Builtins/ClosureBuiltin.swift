extension Builtin {
    static let closures: [Builtin] = [
        .frame(
            "genericClosure", [.checked("{ startSet, operator }")], frame: ClosureFrame.self, since: "0.12",
            "All items that `operator` gives for those of `startSet`, and for those that it gave; each `key` once.",
            backtrace: BacktraceHook {
                $0.noteClosure($1)
                return true
            }
        ) { $0.closureStep() }
    ]
}

extension Interpreter {
    private var frame: ClosureFrame {
        @inline(__always) _read { yield topFrame(as: ClosureFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: ClosureFrame.self).pointee }
    }

    func closureStep() -> Step {
        guard frame.$set.isAttributes else { return failExpected("a set", frame.$set) }
        while true {
            let step: Step
            switch frame.phase {
            case .begin: step = startClosure()
            case .operated: step = takeAnswer()
            case .descending, .checking: step = takeVerdict()
            case .next:
                if frame.head == frame.tail { return finishClosure() }
                step = visitElement()
            }
            if step != .next { return step }
        }
    }

    private func startClosure() -> Step {
        guard let start = lookup(frame.set.object, Symbols.startSet) else {
            return failMissingAttribute(frame.$set, Symbols.startSet.number, context: Self.closureArgument)
        }
        if !isForced(start) { return .force }
        guard start.pointee.isList else {
            return failExpected("a list", start.pointee, context: Self.closureText("startSet"))
        }
        let items = start.pointee.list
        if items.count == 0 { return done(start.pointee) }
        guard let function = lookup(frame.set.object, Symbols.operator) else {
            return failMissingAttribute(frame.$set, Symbols.operator.number, context: Self.closureArgument)
        }
        if !isForced(function) { return .force }
        guard isCallable(function.pointee) else {
            return failExpected("a function", function.pointee, context: Self.closureText("operator"))
        }
        let capacity = KeyTable.firstCapacity
        guard reserve(Size.array(items.count * 2) + Size.array(capacity) + KeyTable.bytes(capacity)) else {
            return .collect
        }
        guard charge(1 + items.count / 16) else { return .error }
        frame.queue = makeArray(items.count * 2)
        frame.queue.elements.update(from: items.elements, count: items.count)
        frame.head = 0
        frame.tail = items.count
        frame.nodes = makeArray(capacity)
        frame.table = KeyTable.make(self, capacity: capacity)
        frame.nodeCount = 0
        frame.root = KeyTree.none
        frame.phase = .next
        return .next
    }

    private static var closureArgument: String { "in the attrset passed as argument to builtins.genericClosure" }

    private static func closureText(_ name: String) -> String {
        "while evaluating the '\(name)' attribute passed as argument to builtins.genericClosure"
    }

    private var table: KeyTable { KeyTable(self, topFrame(as: ClosureFrame.self)) }

    private var tree: KeyTree { KeyTree(interpreter: self, frame: topFrame(as: ClosureFrame.self)) }

    /// The element at the head of the queue.
    private var element: Slot { frame.queue.slot(frame.head) }

    /// Looks at the element at the head: forces it and its key, and finds the key's place.
    private func visitElement() -> Step {
        let element = element
        if !isForced(element) { return .force }
        guard element.pointee.isAttributes else {
            return failExpected("a set", element.pointee, context: elementText(element.pointee))
        }
        guard let key = lookup(element.pointee.object, Symbols.key) else {
            return failMissingAttribute(element.pointee, Symbols.key.number, context: elementText(element.pointee))
        }
        if !isForced(key) { return .force }
        return find(key.pointee)
    }

    /// Finds the place of a key, by its hash if all keys so far are of one type.
    private func find(_ key: Value) -> Step {
        let type = HashedKeys(key)
        if frame.keys == .begin { frame.keys = type }
        if frame.keys != .none, frame.keys != type {
            let step = compareFromNowOn()
            if step != .next { return step }
        }
        if frame.keys == .none {
            guard reserve(growth), reserveSlots(4) else { return .collect }
            guard charge(1) else { return .error }
            return descend(from: frame.root, key, parent: KeyTree.none)
        }
        let isFull = frame.nodeCount == frame.nodes.count
        guard !isFull || reserve(growth), reserveSlots(4) else { return .collect }
        guard charge(1) else { return .error }
        let table = table
        guard table.charge(key) else { return .error }
        let hash = table.hash(key)
        return table.contains(key, hash: hash) ? skipElement() : insert(hash: hash, isFull: isFull)
    }

    /// Puts the keys that were hashed into a tree, as if they had been there from the start.
    private func compareFromNowOn() -> Step {
        let count = frame.nodeCount
        guard reserve(Size.array((count + 1) * 2 * KeyTree.stride)) else { return .collect }
        guard charge(1 + count) else { return .error }
        let hashed = table
        let items = frame.nodes
        frame.keys = .none
        frame.table = .null
        frame.nodes = makeArray((count + 1) * 2 * KeyTree.stride)
        frame.nodeCount = 0
        for node in 0..<count {
            guard poll(at: node), tree.add(hashed.key(node), item: items[node]) else { return .error }
        }
        return .next
    }

    private func elementText(_ element: Value) -> String { "in genericClosure element \(shown(element))" }

    /// Goes down from a node to where the key belongs.
    private func descend(from start: Int, _ key: Value, parent: Int) -> Step {
        var node = start
        var parent = parent
        var isLeft = true
        if parent != KeyTree.none { isLeft = frame.isLeft }
        while node != KeyTree.none {
            let other = tree.key(node)
            if key.isList, other.isList { return compareLists(key, other, .descending, node) }
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
            frame.isLeft = isLeft
            return compareLists(other, key, .checking, parent)
        }
        guard let less = isLess(other, key) else { return failOrder(key) }
        return less ? insert(key, parent, isLeft: isLeft) : skipElement()
    }

    /// Calls the comparison of two lists, about which `takeVerdict` goes on.
    private func compareLists(_ a: Value, _ b: Value, _ phase: ClosurePhase, _ node: Int) -> Step {
        guard reserveSlots(4) else { return .collect }
        frame.phase = phase
        frame.node = node
        push(.builtin(.lessThanDeep))
        push(a)
        push(b)
        state.pointee.callCount = 2
        return .call
    }

    /// Goes on with the answer about two lists.
    private func takeVerdict() -> Step {
        guard reserve(growth) else { return .collect }
        let isDescending = frame.phase == .descending
        let less = pop().isTrue
        let node = frame.node
        frame.phase = .next
        guard let key = lookup(element.pointee.object, Symbols.key)?.pointee else { return .error }
        guard isDescending else { return less ? insert(key, node, isLeft: frame.isLeft) : skipElement() }
        frame.isLeft = less
        return descend(from: less ? tree.left(node) : tree.right(node), key, parent: node)
    }

    /// Bytes for one node more.
    private var growth: Int {
        let isHashed = frame.keys != .none
        let room = frame.nodes.count
        if (frame.nodeCount + 1) * (isHashed ? 1 : KeyTree.stride) <= room { return 0 }
        return Size.array(room * 2) + (isHashed ? KeyTable.bytes(room * 2) : 0)
    }

    /// Doubles the room for nodes. The caller has reserved `growth`. The result is false, with `failure` set, when the
    /// evaluation must stop.
    private func growNodes() -> Bool {
        let nodes = frame.nodes
        let larger = makeArray(nodes.count * 2)
        guard copy(nodes.elements, to: larger.elements, count: nodes.count) else { return false }
        frame.nodes = larger
        guard frame.keys != .none else { return true }
        let known = frame.table
        frame.table = KeyTable.make(self, capacity: larger.count)
        return table.insertAll(of: known)
    }

    private func skipElement() -> Step {
        frame.head += 1
        return .next
    }

    /// Adds the element at the head with its key, and calls the operator with it.
    private func insert(_ key: Value, _ parent: Int, isLeft: Bool) -> Step {
        let growth = growth
        guard reserve(growth) else { return .collect }
        guard reserveSlots(4) else { return .collect }
        if growth > 0, !growNodes() { return .error }
        tree.insert(key, item: element.pointee, parent: parent, isLeft: isLeft)
        return callOperator()
    }

    /// Adds the element at the head, whose key is a new one, and calls the operator with it. If there is no room for it,
    /// the caller has reserved `growth`.
    private func insert(hash: UInt32, isFull: Bool) -> Step {
        if isFull, !growNodes() { return .error }
        let item = frame.nodeCount
        write(element.pointee, to: frame.nodes, at: item)
        table.insert(item, hash: hash)
        frame.nodeCount = item + 1
        return callOperator()
    }

    /// Calls the operator with the element at the head, whose key has just been added.
    private func callOperator() -> Step {
        guard let function = lookup(frame.set.object, Symbols.operator) else { return .error }
        let item = element.pointee
        frame.head += 1
        frame.phase = .operated
        return callWith(function.pointee, item)
    }

    /// The room of a queue that is made anew because the end of the one before was reached.
    private static var smallestQueue: Int { 64 }

    /// Puts the elements that the operator gave, all forced, into the queue.
    private func takeAnswer() -> Step {
        let base = above(ClosureFrame.self)
        if sp == base + 1 {
            guard base.pointee.isList else {
                return failExpected(
                    "a list", base.pointee,
                    context: "while evaluating the return value of the `operator` passed to builtins.genericClosure")
            }
            push(Value(small: 0))
        }
        let answer = base.words(as: OperatorAnswer.self)
        let found = answer.pointee.list.count
        while answer.pointee.index < found {
            if !isForced(answer.pointee.list.slot(answer.pointee.index)) { return .force }
            answer.pointee.index += 1
        }
        let waiting = frame.tail - frame.head
        let grows = frame.tail + found > frame.queue.count
        let capacity = max(Self.smallestQueue, (waiting + found) * 2)
        guard reserve(grows ? Size.array(capacity) : 0) else { return .collect }
        guard charge(1 + found / 16) else { return .error }
        if grows {
            let larger = makeArray(capacity)
            guard copy(frame.queue.slot(frame.head), to: larger.elements, count: waiting) else { return .error }
            frame.queue = larger
            frame.head = 0
            frame.tail = waiting
        }
        let list = answer.pointee.list
        let end = frame.queue.slot(frame.tail)
        for index in 0..<found {
            guard poll(at: index) else { return .error }
            write(list[index], to: end + index)
        }
        frame.tail += found
        frame.phase = .next
        sp = base
        return .next
    }

    /// The item of a node.
    private func item(_ node: Int) -> Value {
        frame.keys == .none ? tree.item(node) : frame.nodes[node]
    }

    private func finishClosure() -> Step {
        let count = frame.nodeCount
        guard reserve(Size.list(count)) else { return .collect }
        let result = makeList(count)
        guard charge(1 + count / 16) else { return .error }
        for index in 0..<count {
            guard poll(at: index) else { return .error }
            result.list[index] = item(index)
        }
        return done(result)
    }

    // MARK: Failures

    /// Writes down what the frame on top was doing with an element.
    func noteClosure(_ location: FrameLocation) {
        switch frame.phase {
        case .begin:
            if let forced = location.forced, frame.$set.isAttributes,
                lookup(frame.set.object, Symbols.operator)?.pointee.bits == Value(Tag.thunk, forced).bits
            {
                machine.notes.append(.text(Self.closureText("operator")))
            }
        case .operated:
            let item = item(frame.nodeCount - 1)
            machine.notes.append(.text("while calling operator on genericClosure element \(shown(item))"))
        case .descending, .checking: noteComparison(with: tree.item(frame.node))
        case .next:
            guard let forced = location.forced, frame.head < frame.tail,
                element.pointee.bits == Value(Tag.thunk, forced).bits
            else { return }
            machine.notes.append(.text(elementText(element.pointee)))
        }
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
