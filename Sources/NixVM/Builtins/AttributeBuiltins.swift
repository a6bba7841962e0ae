/// Builtins on attribute sets.
extension Builtin {
    static let attributes: [Builtin] = [
        .function("attrNames", [.checked("set", .single)], since: "0.11", "The names of a set, sorted.") {
            $0.attributeNames()
        },
        .function("attrValues", [.checked("set", .single)], since: "1.8", "The values of a set, sorted by their names.")
        {
            $0.attributeValues()
        },
        .function(
            "getAttr", [.evaluated("name"), .checked("set")], since: "0.10",
            "The attribute with a name, as `set.${name}`.",
            early: { $0.expectPlainString(0) != nil }
        ) { $0.getAttribute() },
        .function(
            "hasAttr", [.evaluated("name"), .checked("set")], since: "0.10",
            "Whether a set has an attribute with a name, as `set ? ${name}`.",
            early: { $0.expectPlainString(0) != nil }
        ) { $0.hasAttribute() },
        .function(
            "removeAttrs", [.checked("set"), .checked("names")], since: "0.9",
            "The set without the attributes that are named.", isGlobal: true,
            inner: .always("while evaluating the values of the second argument passed to builtins.removeAttrs"),
            early: { $0.expectSet(0) != nil }
        ) { $0.removeAttributes() },
        .function(
            "intersectAttrs", [.checked("left"), .checked("right")], since: "0.13",
            "The attributes of `right` whose names `left` has, too.", early: { $0.expectSet(0) != nil }
        ) { $0.intersectAttributes() },
        .function(
            "listToAttrs", [.checked("list", .single)], since: "0.11",
            "The set of a list of `{ name, value }`. The first of equal names counts.",
            inner: .ofType("while evaluating an element of the list passed to builtins.listToAttrs")
        ) { $0.listToAttributes() },
        .function(
            "mapAttrs", [.unnamed("f"), .checked("set")], since: "2.1",
            "A set of what `f name value` gives for each attribute."
        ) { $0.mapAttributes() },
        .function(
            "catAttrs", [.evaluated("name"), .checked("list")], since: "1.8",
            "The attributes with a name, of those sets in a list that have it.",
            inner: .ofType("while evaluating an element in the list passed as second argument to builtins.catAttrs"),
            early: { $0.expectPlainString(0) != nil }
        ) { $0.catAttributes() },
        .function(
            "functionArgs", [.checked("f")], since: "0.13",
            "The formal arguments of a function, each with whether it has a default."
        ) { $0.functionArguments() },
        .function(
            "unsafeGetAttrPos", [.evaluated("name"), .checked("set")], since: "1.7",
            "`{ file, line, column }` of where an attribute is defined, or `null` where that is not known.",
            early: { $0.expectPlainString(0) != nil }
        ) { $0.attributePosition() },
        .function(
            "zipAttrsWith", [.evaluated("f"), .checked("list")], since: "2.6",
            "A set of what `f name values` gives for each name that a set in the list has.",
            inner: .ofType("while evaluating a value of the list passed as second argument to builtins.zipAttrsWith"),
            early: { $0.isCallable(0) != false }
        ) { $0.zipAttributes() },
    ]
}

extension Interpreter {
    fileprivate func attributeNames() -> Step {
        guard let set = expectSet(0) else { return .error }
        guard let order = nameOrder(set.layout) else { return .collect }
        guard reserve(Size.list(set.count)) else { return .collect }
        guard charge(1 + set.count / 8) else { return .error }
        let result = makeList(set.count)
        for index in 0..<set.count {
            guard poll(at: index) else { return .error }
            result.list[index] = nameString(set.entries[Int(order[index])].symbol)
        }
        return done(result)
    }

    fileprivate func attributeValues() -> Step {
        guard let set = expectSet(0) else { return .error }
        guard let order = nameOrder(set.layout) else { return .collect }
        guard reserve(Size.list(set.count)) else { return .collect }
        guard charge(1 + set.count / 8) else { return .error }
        let result = makeList(set.count)
        for index in 0..<set.count {
            guard poll(at: index) else { return .error }
            result.list[index] = set.values[Int(order[index])]
        }
        return done(result)
    }

    fileprivate func getAttribute() -> Step {
        guard let name = expectPlainString(0), let set = expectSet(1) else { return .error }
        guard let symbol = symbol(of: name.bytes) else { return .error }
        guard let slot = lookup(set, symbol) else {
            return failMissingAttribute(argument(1), symbol, context: "in the attribute set under consideration")
        }
        return done(slot.pointee)
    }

    fileprivate func hasAttribute() -> Step {
        guard let name = expectPlainString(0), let set = expectSet(1) else { return .error }
        guard chargeName(name.bytes) else { return .error }
        guard let symbol = state.pointee.symbols.find(name.bytes) else { return done(.false) }
        return done(.bool(lookup(set, symbol) != nil))
    }

    fileprivate func removeAttributes() -> Step {
        guard let set = expectSet(0), let names = expectList(1) else { return .error }
        if let step = forceElements(names, .name, { isPlainString($0) ? nil : .error }) { return step }
        guard reserve(Size.attributesAndLayout(set.count)) else { return .collect }
        guard reserveOutside(min(names.count, set.count) * 16) else { return .collect }
        guard charge(1 + names.count / 4 + set.count / 16) else { return .error }
        var removed: Set<UInt32> = []
        for index in 0..<names.count {
            let name = names[index]
            guard poll(at: index), chargeName(name.string.bytes) else { return .error }
            if let symbol = state.pointee.symbols.find(name.string.bytes), lookup(set, symbol) != nil {
                removed.insert(symbol)
            }
        }
        if removed.isEmpty { return set.count == 0 ? done(set.value) : answer(duplicate(set.object)) }
        return answer(select(from: set) { !removed.contains($0) })
    }

    /// Answers with a result; nil says that the evaluation must stop.
    private func answer(_ result: Value?) -> Step { result.map { done($0) } ?? .error }

    /// Makes a set of the attributes whose names pass. The caller has reserved `Size.attributesAndLayout` of all of them.
    /// The result is nil, and `failure` is set, when the evaluation must stop.
    private func select(from set: AttributesRef, where passes: (UInt32) -> Bool) -> Value? {
        let entries = set.entries
        let layout = state.pointee.registers.hp.assumingMemoryBound(to: UInt64.self)
        // The number of names decides where the set begins, and is only known at the end. Until then the values lie
        // where they cannot meet the layout: behind its largest possible size.
        let gathered = (layout + (3 &+ set.count)).values
        var count = 0
        for index in 0..<set.count {
            guard poll(at: index) else { return nil }
            guard passes(entries[index].symbol) else { continue }
            layout.entries[count] = entries[index]
            gathered[count] = set.values[index]
            count &+= 1
        }
        if count == 0 { return state.pointee.emptyAttributes }
        layout[0] = Object.header(Kind.layout, field: count)
        layout[1] = Value.null.bits
        _ = allocate(words: 2 &+ count)
        let result = makeAttributes(layout: shared(layout))
        UnsafeMutableRawPointer(result.attributes.values).copyMemory(from: gathered, byteCount: count &* 8)
        return result
    }

    fileprivate func intersectAttributes() -> Step {
        guard let left = expectSet(0), let right = expectSet(1) else { return .error }
        let most = min(left.count, right.count)
        guard reserve(Size.attributesAndLayout(most)) else { return .collect }
        guard reserveOutside(most * 32) else { return .collect }
        guard charge(1 + most / 4) else { return .error }
        if right.count <= left.count {
            return answer(select(from: right) { lookup(left, $0) != nil })
        }
        var kept: [(entry: LayoutEntry, value: Value)] = []
        for index in 0..<left.count {
            guard poll(at: index) else { return .error }
            let symbol = left.entries[index].symbol
            if let slot = lookup(right, symbol) {
                kept.append((LayoutEntry(symbol, positionNumber(right, symbol) ?? 0), slot.pointee))
            }
        }
        let result = makeAttributes(kept.map { $0.entry })
        for (place, item) in kept.enumerated() { result.attributes.values[place] = item.value }
        return done(result)
    }

    fileprivate func listToAttributes() -> Step {
        guard let list = expectList(0) else { return .error }
        if let step = forceElements(list, .pair, { checkPair($0) }) { return step }
        guard reserve(Size.attributesAndLayout(list.count)) else { return .collect }
        guard reserveOutside(list.count * 32) else { return .collect }
        guard charge(1 + list.count / 4) else { return .error }
        return attributes(ofPairs: list)
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
    private func attributes(ofPairs list: ListRef) -> Step {
        var pairs: [(symbol: UInt32, index: Int)] = []
        pairs.reserveCapacity(list.count)
        for index in 0..<list.count {
            guard let name = lookup(list[index].attributes, Symbols.name) else { continue }
            guard poll(at: index), let symbol = symbol(of: name.pointee.string.bytes) else { return .error }
            pairs.append((symbol, index))
        }
        let isSorted = pairs.withUnsafeMutableBufferPointer { buffer in
            sort(&buffer) { ($0.symbol, $0.index) < ($1.symbol, $1.index) }
        }
        guard isSorted else { return .error }
        var entries: [LayoutEntry] = []
        var values: [Value] = []
        entries.reserveCapacity(pairs.count)
        values.reserveCapacity(pairs.count)
        for pair in pairs where entries.last?.symbol != pair.symbol {
            let item = list[pair.index]
            guard let value = lookup(item.attributes, Symbols.value) else {
                return failMissingAttribute(item, Symbols.value.number, context: "in a {name=...; value=...;} pair")
            }
            entries.append(LayoutEntry(pair.symbol, positionNumber(item.attributes, Symbols.value.number) ?? 0))
            values.append(value.pointee)
        }
        let result = makeAttributes(entries)
        for (place, value) in values.enumerated() { result.attributes.values[place] = value }
        return done(result)
    }

    /// A layout with the same names and no positions, because the attributes that a builtin makes have none. The caller
    /// has reserved `Size.layout`.
    private func layoutWithoutPositions(_ layout: Object) -> Object {
        if (0..<layout.field).allSatisfy({ layout.entries[$0].position == 0 }) { return layout }
        let known = state.pointee.layoutCache + cacheIndex(layout, layout)
        if known.pointee.left == UInt(bitPattern: layout), known.pointee.right == 0 {
            return Object(bitPattern: known.pointee.union).unsafelyUnwrapped
        }
        let result = allocate(words: 2 &+ layout.field)
        result[0] = layout[0]
        result[1] = layout[1]
        for index in 0..<layout.field { result.entries[index] = LayoutEntry(layout.entries[index].symbol, 0) }
        let union = shared(result)
        known.pointee = LayoutCacheEntry(left: UInt(bitPattern: layout), right: 0, union: UInt(bitPattern: union))
        return union
    }

    fileprivate func mapAttributes() -> Step {
        guard let set = expectSet(1) else { return .error }
        if set.count == 0 { return done(argument(1)) }
        guard reserve(Size.attributesAndLayout(set.count) + Size.each(set.count, Size.thunk(3))) else {
            return .collect
        }
        guard charge(1 + set.count / 8) else { return .error }
        let result = makeAttributes(layout: layoutWithoutPositions(set.layout))
        let (function, header) = (argument(0), mappedHeader)
        let (entries, values, targets) = (set.entries, set.values, result.attributes.values)
        var index = 0
        while index < set.count {
            guard poll(at: index) else { return .error }
            targets[index] = makeApplication(function, nameString(entries[index].symbol), values[index], header)
            index &+= 1
        }
        return done(result)
    }

    fileprivate func catAttributes() -> Step {
        guard let name = expectPlainString(0), let list = expectList(1) else { return .error }
        if let step = forceElements(list, .set, { $0.isAttributes ? nil : failExpected("a set", $0) }) { return step }
        guard reserve(Size.list(list.count)), reserveOutside(list.count * 16) else { return .collect }
        guard charge(1 + list.count / 4), let symbol = symbol(of: name.bytes) else { return .error }
        var found: [Value] = []
        for index in 0..<list.count {
            guard poll(at: index) else { return .error }
            if let slot = lookup(list[index].attributes, symbol) { found.append(slot.pointee) }
        }
        let result = makeList(found.count)
        for (index, value) in found.enumerated() { result.list[index] = value }
        return done(result)
    }

    fileprivate func functionArguments() -> Step {
        let value = argument(0)
        guard value.isFunction else { return fail(.type, "'functionArgs' requires a function") }
        guard let formals = machine.nextFormals(of: value), !formals.isEmpty else {
            return done(state.pointee.emptyAttributes)
        }
        guard reserve(Size.attributesAndLayout(formals.count)) else { return .collect }
        guard charge(1 + formals.count / 4) else { return .error }
        let result = makeAttributes(formals.map { $0.entry })
        for (place, formal) in formals.enumerated() {
            result.attributes.values[place] = .bool(formal.hasDefault)
        }
        return done(result)
    }

    fileprivate func attributePosition() -> Step {
        guard let name = expectPlainString(0), let set = expectSet(1) else { return .error }
        guard chargeName(name.bytes) else { return .error }
        guard let symbol = state.pointee.symbols.find(name.bytes), let number = positionNumber(set, symbol),
            let position = machine.attributePosition(number), let line = position.line, let column = position.column
        else { return done(.null) }
        let file = Array(position.source.utf8)
        guard reserve(Size.string(file.count) + Size.attributesAndLayout(3)) else { return .collect }
        return done(
            makeAttributes([
                (Symbols.file.number, makeString(file)), (Symbols.line.number, Value(small: line)),
                (Symbols.column.number, Value(small: column)),
            ]))
    }

    /// The bytes outside the heap that one member of a group takes while groups are gathered, in the worst case that each
    /// group has one member.
    static var memberBytes: Int { 128 }

    /// Makes a set with a thunk for each name, which applies the function to the name and to the list of its values in all
    /// sets that have it.
    fileprivate func zipAttributes() -> Step {
        if let step = refuseUncallable(0) { return step }
        guard let list = expectList(1) else { return .error }
        var total = 0
        if let step = forceElements(list, .set, { $0.isAttributes ? nil : failExpected("a set", $0) }) { return step }
        for index in 0..<list.count { total += list[index].attributes.count }
        guard reserve(Size.attributesAndLayout(total) + Size.each(total, 16 + Size.thunk(3))) else { return .collect }
        guard reserveOutside(total * Interpreter.memberBytes) else { return .collect }
        guard charge(1 + total) else { return .error }
        var members: [UInt32: [Value]] = [:]
        for index in 0..<list.count {
            let set = list[index].attributes
            for place in 0..<set.count {
                guard poll(at: place) else { return .error }
                members[set.entries[place].symbol, default: []].append(set.values[place])
            }
        }
        let sorted = members.sorted { $0.key < $1.key }
        let result = makeAttributes(sorted.map { LayoutEntry($0.key, 0) })
        for (place, member) in sorted.enumerated() {
            guard poll(at: place) else { return .error }
            let values = makeList(member.value.count)
            for (index, value) in member.value.enumerated() { values.list[index] = value }
            result.attributes.values[place] = makeApplication(argument(0), nameString(member.key), values)
        }
        return done(result)
    }
}

extension Machine {
    /// The chunk of a function and the number of arguments that it has got already; nil for a value that is not a
    /// function written in Nix.
    func writtenFunction(_ value: Value) -> (chunk: LoadedChunk, applied: Int)? {
        var applied = 0
        var function = value
        while function.tag == Tag.function, function.object.kind == Kind.partial {
            applied += function.object.captureCount - 1
            function = function.object.values[0]
        }
        guard function.tag == Tag.function, function.object.kind == Kind.closure else { return nil }
        let loaded = state.pointee.chunks[function.object.field]
        return Int(loaded.program) < programs.count ? (loaded, applied) : nil
    }

    /// The formals of the parameter that a function takes next, sorted by symbol; nil if that parameter is a plain name.
    func nextFormals(of value: Value) -> [(entry: LayoutEntry, hasDefault: Bool)]? {
        guard let (loaded, applied) = writtenFunction(value) else { return nil }
        let program = programs[Int(loaded.program)]
        guard applied == Int(loaded.arity) - 1, let index = program.formalsIndex(ofChunk: Int(loaded.index)) else {
            return nil
        }
        let formals = loaded.tables.pointee.formals + index
        return (0..<formals.pointee.count).map { place in
            let entry = formals.pointee.sorted[place]
            let fallback = formals.pointee.defaults[Int(entry.index)]
            return (
                LayoutEntry(entry.symbol, formals.pointee.positions[Int(entry.index)]),
                fallback.chunk >= 0 || fallback.value.bits != Value.absent.bits
            )
        }
    }
}
