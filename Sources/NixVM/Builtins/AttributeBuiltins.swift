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
        guard let order = nameOrder(of: set), reserve(Size.list(set.count)) else { return .collect }
        guard charge(1 + set.count / 8) else { return .error }
        let result = makeList(set.count)
        let (entries, names) = (set.entries, result.list.elements)
        for index in 0..<set.count {
            guard poll(at: index) else { return .error }
            names[index] = nameString(entries[Int(order[index])].symbol)
        }
        return done(result)
    }

    fileprivate func attributeValues() -> Step {
        guard let set = expectSet(0) else { return .error }
        guard let order = nameOrder(of: set), reserve(Size.list(set.count)) else { return .collect }
        guard charge(1 + set.count / 8) else { return .error }
        let result = makeList(set.count)
        let (values, elements) = (set.values, result.list.elements)
        for index in 0..<set.count {
            guard poll(at: index) else { return .error }
            elements[index] = values[Int(order[index])]
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
        guard let all = expectSet(1) else { return .error }
        if all.count == 0 { return done(argument(1)) }
        guard let set = flattened(all) else { return .collect }
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
