/// `partition` and `groupBy`: both call a function on each element and put the element where the answer says.
extension Interpreter {
    /// Slots: function, list, index, verdicts, right count, whether a verdict is awaited.
    func partitionStep() -> Step {
        if bp[2].isNull, let step = refuseUncallable(0) { return step }
        guard argument(1).isList else { return failExpected("a list", argument(1)) }
        let list = bp[1].object
        if bp[2].isNull {
            guard reserve(Size.array(list.field)) else { return .collect }
            let verdicts = allocate(words: 1 + list.field)
            verdicts[0] = Object.header(Kind.array, field: list.field)
            for index in 0..<list.field { verdicts.values[index] = .false }
            bp[3] = Value(Tag.other, verdicts)
            bp[2] = Value(small: 0)
            bp[4] = Value(small: 0)
        } else if bp[5].isTrue {
            let verdict = pop()
            bp[5] = .false
            guard verdict.isBool else { return failExpected("a Boolean", verdict) }
            bp[3].object.values[bp[2].small] = verdict
            if verdict.isTrue { bp[4] = Value(small: bp[4].small + 1) }
            bp[2] = Value(small: bp[2].small + 1)
        }
        if bp[2].small < list.field {
            let element = list.values + bp[2].small
            if !isForced(element) { return .force }
            bp[5] = .true
            return callWith(bp[0], element.pointee)
        }
        let count = list.field
        guard reserve(Size.list(count) + Size.list(0) + Size.attributesAndLayout(2)) else { return .collect }
        guard charge(1 + count / 16) else { return .error }
        let right = makeList(bp[4].small)
        let wrong = makeList(count - bp[4].small)
        var rightCount = 0
        for index in 0..<count {
            guard poll(at: index) else { return .error }
            if bp[3].object.values[index].isTrue {
                right.object.values[rightCount] = list.values[index]
                rightCount += 1
            } else {
                wrong.object.values[index - rightCount] = list.values[index]
            }
        }
        return done(makeAttributes([(Symbols.right, right), (Symbols.wrong, wrong)]))
    }

    /// Slots: function, list, index, keys: for each element the symbol of its group.
    func groupByStep() -> Step {
        if bp[2].isNull, let step = refuseUncallable(0) { return step }
        guard argument(1).isList else { return failExpected("a list", argument(1)) }
        let list = bp[1].object
        if bp[2].isNull {
            guard reserve(Size.array(list.field)) else { return .collect }
            let keys = allocate(words: 1 + list.field)
            keys[0] = Object.header(Kind.array, field: list.field)
            for index in 0..<list.field { keys.values[index] = .null }
            bp[3] = Value(Tag.other, keys)
            bp[2] = Value(small: 0)
        } else if bp[2].small < list.field {
            let key = pop()
            guard isPlainString(key) else { return .error }
            guard let symbol = symbol(of: key.object.byteBuffer) else { return .error }
            bp[3].object.values[bp[2].small] = Value(small: Int(symbol))
            bp[2] = Value(small: bp[2].small + 1)
        }
        if bp[2].small < list.field { return callWith(bp[0], list.values[bp[2].small]) }
        // A list and a set for each member at most: what there are of them is known only when they are gathered.
        guard reserve(Size.each(list.field, 2 * Size.list(1)) + Size.attributesAndLayout(list.field)),
            reserveOutside(list.field * Interpreter.memberBytes)
        else { return .collect }
        guard charge(1 + list.field / 2) else { return .error }
        var members: [UInt32: [Int]] = [:]
        for index in 0..<list.field {
            guard poll(at: index) else { return .error }
            members[UInt32(truncatingIfNeeded: bp[3].object.values[index].small), default: []].append(index)
        }
        let groups = members.sorted { $0.key < $1.key }
        let result = makeAttributes(groups.map { LayoutEntry($0.key, 0) })
        for (place, group) in groups.enumerated() {
            guard poll(at: place) else { return .error }
            let members = makeList(group.value.count)
            for (index, member) in group.value.enumerated() { members.object.values[index] = list.values[member] }
            result.object.attributeValues[place] = members
        }
        return done(result)
    }
}
