/// `partition` and `groupBy`: both call a function on each element and put the element where the answer says.
extension VM {
    /// Slots: function, list, index, verdicts, right count, whether a verdict is awaited.
    func partitionStep() -> Step {
        if bp[2].isNull, let step = refuseUncallable(0) { return step }
        guard argument(1).isList else { return failExpected("a list", argument(1)) }
        let list = bp[1].object
        if bp[2].isNull {
            guard reserve(Size.array(list.field)) else { return .collect }
            let verdicts = take(words: 1 + list.field)
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
        let right = makeList(bp[4].small)
        let wrong = makeList(count - bp[4].small)
        var rightCount = 0
        for index in 0..<count {
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
            let keys = take(words: 1 + list.field)
            keys[0] = Object.header(Kind.array, field: list.field)
            for index in 0..<list.field { keys.values[index] = .null }
            bp[3] = Value(Tag.other, keys)
            bp[2] = Value(small: 0)
        } else if bp[2].small < list.field {
            let key = pop()
            guard isPlainString(key) else { return .error }
            let symbol = s.pointee.symbols.intern(key.object.byteBuffer)
            bp[3].object.values[bp[2].small] = Value(small: Int(symbol))
            bp[2] = Value(small: bp[2].small + 1)
        }
        if bp[2].small < list.field { return callWith(bp[0], list.values[bp[2].small]) }
        var members: [UInt32: [Int]] = [:]
        for index in 0..<list.field {
            members[UInt32(truncatingIfNeeded: bp[3].object.values[index].small), default: []].append(index)
        }
        let sizes = members.values.reduce(0) { $0 + Size.list($1.count) }
        guard reserve(sizes + Size.attributesAndLayout(members.count)) else { return .collect }
        let groups = members.sorted { $0.key < $1.key }
        let result = makeAttributes(groups.map { LayoutEntry($0.key, 0) })
        for (place, group) in groups.enumerated() {
            let members = makeList(group.value.count)
            for (index, member) in group.value.enumerated() { members.object.values[index] = list.values[member] }
            result.object.attributeValues[place] = members
        }
        return done(result)
    }
}
