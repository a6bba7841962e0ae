/// Builtins that make a set of what many other values have.
extension Interpreter {
    // MARK: listToAttrs

    func listToAttributes() -> Step {
        guard let list = expectList(0) else { return .error }
        if let step = forceElements(list, .pair, { checkPair($0) }) { return step }
        let room = Size.attributesAndLayout(list.count)
        guard reserve(room &+ GatheredKeys.bytes(list.count)) else { return .collect }
        guard charge(1 + list.count / 4) else { return .error }
        return attributes(ofPairs: list, GatheredKeys(at: scratch(above: room), list.count))
    }

    /// Checks that an element of the list of `listToAttrs` has a name. The result is nil if it has, and otherwise the step
    /// to answer.
    private func checkPair(_ item: Value) -> Step? {
        guard item.isAttributes else { return failExpected("a set", item) }
        guard let name = lookup(item.attributes, Symbols.name) else {
            return failMissingAttribute(item, Symbols.name.number, context: "in a {name=...; value=...;} pair")
        }
        if !isForced(name) { return .force }
        guard name.pointee.isString else { return failPairName(item.object, name.pointee) }
        return isPlainString(name.pointee) ? nil : .error
    }

    private func failPairName(_ pair: Object, _ name: Value) -> Step {
        let position = positionNumber(pair, Symbols.name.number) ?? 0
        let step = fail(.type, "expected a string but found \(describe(name))")
        machine.failure?.position = machine.attributePosition(position)
        machine.notes.append(
            .textAt(
                "while evaluating the `name` attribute of an element of the list passed to builtins.listToAttrs",
                position))
        return step
    }

    /// Makes the set of a list of `{ name, value }` whose names were checked. The first of several equal names wins, and
    /// only that one needs a value.
    private func attributes(ofPairs list: ListRef, _ empty: GatheredKeys) -> Step {
        var keys = empty
        for index in 0..<list.count {
            guard let name = lookup(list[index].attributes, Symbols.name) else { return .error }
            guard poll(at: index), let symbol = symbol(of: name.pointee.string.bytes) else { return .error }
            keys.add(symbol, item: index)
        }
        guard keys.sort(self) else { return .error }
        let count = keys.distinctCount
        if count == 0 { return done(state.pointee.emptyAttributes) }
        let layout = allocateLayout(count)
        let values = keys.spare.assumingMemoryBound(to: Value.self)
        var place = 0
        for index in 0..<list.count where keys.isFirst(index) {
            guard poll(at: index) else { return .error }
            let pair = list[keys.item(index)]
            guard let value = attribute(of: pair.object, Symbols.value.number) else {
                return failMissingAttribute(pair, Symbols.value.number, context: "in a {name=...; value=...;} pair")
            }
            layout.entries[place] = LayoutEntry(keys.symbol(index), value.entry.position)
            values[place] = value.slot.pointee
            place &+= 1
        }
        let result = makeAttributes(layout: shared(layout))
        result.object.ownValues.update(from: values, count: count)
        return done(result)
    }

    /// A layout without entries, which the caller fills in. The caller has reserved `Size.layout`.
    func allocateLayout(_ count: Int) -> Object {
        let layout = allocate(words: 2 &+ count)
        layout[0] = Object.header(Kind.layout, field: count)
        layout[1] = Value.null.bits
        return layout
    }

    /// Makes a set of the groups of values whose keys are equal, as lists in the order of the values. The caller has
    /// reserved the set with its layout, and for each value a list of it and what `value` makes.
    func gather(_ keys: GatheredKeys, _ values: Slot, _ value: (_ symbol: UInt32, _ members: Value) -> Value) -> Step {
        let count = keys.distinctCount
        if count == 0 { return done(state.pointee.emptyAttributes) }
        let layout = allocateLayout(count)
        var place = 0
        for index in 0..<keys.count where keys.isFirst(index) {
            guard poll(at: index) else { return .error }
            layout.entries[place] = LayoutEntry(keys.symbol(index), 0)
            place &+= 1
        }
        let result = makeAttributes(layout: shared(layout))
        var first = 0
        for place in 0..<count {
            var end = first &+ 1
            while end < keys.count, !keys.isFirst(end) { end &+= 1 }
            let members = makeList(end &- first)
            for index in first..<end {
                guard poll(at: index) else { return .error }
                members.object.values[index &- first] = values[keys.item(index)]
            }
            result.object.ownValues[place] = value(keys.symbol(first), members)
            first = end
        }
        return done(result)
    }

    // MARK: zipAttrsWith

    /// Makes a set with a thunk for each name, which applies the function to the name and to the list of its values in all
    /// sets that have it.
    func zipAttributes() -> Step {
        if let step = refuseUncallable(0) { return step }
        guard let list = expectList(1) else { return .error }
        var total = 0
        if let step = forceElements(list, .set, { $0.isAttributes ? nil : failExpected("a set", $0) }) { return step }
        for index in 0..<list.count {
            guard poll(at: index) else { return .error }
            guard flattened(list[index].object) != nil else { return .collect }
            total += list[index].attributes.count
        }
        let room = Size.attributesAndLayout(total) &+ Size.each(total, Size.list(1) + Size.thunk(3))
        guard reserve(room &+ GatheredKeys.bytes(total) &+ Size.each(total, 8)) else { return .collect }
        guard charge(1 + total) else { return .error }
        var keys = GatheredKeys(at: scratch(above: room), total)
        let values = scratch(above: room &+ GatheredKeys.bytes(total)).assumingMemoryBound(to: Value.self)
        for index in 0..<list.count {
            let set = list[index].attributes
            let (entries, source) = (set.entries, set.values)
            for place in 0..<set.count {
                guard poll(at: keys.count) else { return .error }
                values[keys.count] = source[place]
                keys.add(entries[place].symbol, item: keys.count)
            }
        }
        guard keys.sort(self) else { return .error }
        let function = argument(0)
        return gather(keys, values) { makeApplication(function, nameString($0), $1) }
    }

    // MARK: catAttrs

    func catAttributes() -> Step {
        guard let name = expectPlainString(0), let list = expectList(1) else { return .error }
        if let step = forceElements(list, .set, { $0.isAttributes ? nil : failExpected("a set", $0) }) { return step }
        guard reserve(Size.list(list.count)) else { return .collect }
        guard charge(1 + list.count / 4), let symbol = symbol(of: name.bytes) else { return .error }
        // The elements are written where the list will have them, before their number is known.
        let elements = state.pointee.registers.hp.assumingMemoryBound(to: UInt64.self).values
        var count = 0
        for index in 0..<list.count {
            guard poll(at: index) else { return .error }
            guard let slot = lookup(list[index].attributes, symbol) else { continue }
            elements[count] = slot.pointee
            count &+= 1
        }
        return done(makeList(count))
    }
}
