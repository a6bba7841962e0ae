extension Builtin {
    static let grouping: [Builtin] = [
        .frame(
            "partition", [.evaluated("pred"), .checked("list")], frame: PartitionFrame.self, since: "2.0",
            "`{ right, wrong }`: the elements for which `pred` gives `true`, and the others.",
            inner: .ofType("while evaluating the return value of the partition function passed to builtins.partition"),
            early: { $0.isCallable(0) != false }
        ) { $0.partitionStep() },
        .frame(
            "groupBy", [.evaluated("f"), .checked("list")], frame: GroupFrame.self, since: "2.5",
            "A set of lists: each element is in the list whose name `f` gives for it.",
            inner: .ofType("while evaluating the return value of the grouping function passed to builtins.groupBy"),
            early: { $0.isCallable(0) != false }
        ) { $0.groupByStep() },
    ]
}

/// `partition` and `groupBy`: both call a function on each element and put the element where the answer says.
struct PartitionFrame: BuiltinFrame {
    let function: Value
    @Held var list: ListRef
    /// The element that the function is called with next.
    @Held var index: Int
    /// What the function gave for each element before that; null until the first step.
    @Held var verdicts: ArrayRef
    /// How many of those are `true`.
    @Held var rightCount: Int
    /// Whether the function's answer is at the top when a step begins.
    @Held var isAnswered: Bool

    var hasBegun: Bool { !$verdicts.isNull }
}

struct GroupFrame: BuiltinFrame {
    let function: Value
    @Held var list: ListRef
    /// The element that the function is called with next.
    @Held var index: Int
    /// For each element before that the symbol of its group; null until the first step.
    @Held var keys: ArrayRef

    var hasBegun: Bool { !$keys.isNull }
}

extension Interpreter {
    private var partition: PartitionFrame {
        @inline(__always) _read { yield topFrame(as: PartitionFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: PartitionFrame.self).pointee }
    }

    func partitionStep() -> Step {
        if !partition.hasBegun, let step = refuseUncallable(0) { return step }
        guard partition.$list.isList else { return failExpected("a list", partition.$list) }
        let list = partition.list
        if !partition.hasBegun {
            guard reserve(Size.array(list.count)) else { return .collect }
            partition.verdicts = makeArray(list.count, of: .false)
            partition.index = 0
            partition.rightCount = 0
        } else if partition.isAnswered {
            let verdict = pop()
            partition.isAnswered = false
            guard verdict.isBool else { return failExpected("a Boolean", verdict) }
            partition.verdicts[partition.index] = verdict
            if verdict.isTrue { partition.rightCount += 1 }
            partition.index += 1
        }
        if partition.index < list.count {
            let element = list.slot(partition.index)
            if !isForced(element) { return .force }
            partition.isAnswered = true
            return callWith(partition.function, element.pointee)
        }
        return finishPartition()
    }

    private func finishPartition() -> Step {
        let count = partition.list.count
        guard reserve(Size.list(count) + Size.list(0) + Size.attributesAndLayout(2)) else { return .collect }
        guard charge(1 + count / 16) else { return .error }
        let right = makeList(partition.rightCount)
        let wrong = makeList(count - partition.rightCount)
        let list = partition.list
        let verdicts = partition.verdicts
        var rightCount = 0
        for index in 0..<count {
            guard poll(at: index) else { return .error }
            if verdicts[index].isTrue {
                right.list[rightCount] = list[index]
                rightCount += 1
            } else {
                wrong.list[index - rightCount] = list[index]
            }
        }
        return done(makeAttributes([(Symbols.right.number, right), (Symbols.wrong.number, wrong)]))
    }

    private var group: GroupFrame {
        @inline(__always) _read { yield topFrame(as: GroupFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: GroupFrame.self).pointee }
    }

    /// When a step begins after the first, the group of the element at the index is at the top, until there is none.
    func groupByStep() -> Step {
        if !group.hasBegun, let step = refuseUncallable(0) { return step }
        guard group.$list.isList else { return failExpected("a list", group.$list) }
        let list = group.list
        if !group.hasBegun {
            guard reserve(Size.array(list.count)) else { return .collect }
            group.keys = makeArray(list.count)
            group.index = 0
        } else if group.index < list.count {
            let key = pop()
            guard isPlainString(key) else { return .error }
            guard let symbol = symbol(of: key.string.bytes) else { return .error }
            group.keys[group.index] = Value(small: Int(symbol))
            group.index += 1
        }
        if group.index < list.count { return callWith(group.function, list[group.index]) }
        return finishGroups()
    }

    private func finishGroups() -> Step {
        let count = group.list.count
        // Each element may have a group of its own: how many there are is known only when they are gathered.
        let room = Size.each(count, 2 * Size.list(1)) + Size.attributesAndLayout(count)
        guard reserve(room &+ GatheredKeys.bytes(count)) else { return .collect }
        guard charge(1 + count / 2) else { return .error }
        var keys = GatheredKeys(at: scratch(above: room), count)
        for index in 0..<count {
            guard poll(at: index) else { return .error }
            keys.add(UInt32(truncatingIfNeeded: group.keys[index].small), item: index)
        }
        guard keys.sort(self) else { return .error }
        return gather(keys, group.list.elements) { $1 }
    }
}
