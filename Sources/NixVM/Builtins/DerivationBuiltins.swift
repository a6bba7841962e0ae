import NixBytecode
import NixStore

/// `derivationStrict`. The `derivation` around it is written in Nix.
extension Machine {
    static let derivationBuiltins: [BuiltinDefinition] = [
        .frame("derivationStrict", 1, slots: 5, global: true) { $0.derivationStep() }
    ]
}

/// Slots: set, index of the attribute in the order of names, strings found, whether a call's result is at the top,
/// index in a list, options. The strings found are an array with an item per attribute: what it is coerced to, null
/// where it is left out, an array of strings for `args`.
extension Interpreter {
    private var index: Int { bp[1].small }
    private var found: Slot { bp[2].object.values }
    private var isStructured: Bool { bp[5].small & 1 != 0 }
    private var ignoresNulls: Bool { bp[5].small & 2 != 0 }

    fileprivate func derivationStep() -> Step {
        guard bp[0].isAttributes else { return failExpected("a set", bp[0]) }
        if bp[1].isNull {
            let step = startDerivation()
            if step != .next { return step }
        }
        while true {
            if bp[3].isTrue {
                let value = pop()
                if bp[4].isNull {
                    warnOfAttribute()
                    keep(value)
                } else {
                    found[index].object.values[bp[4].small] = value
                    noteWrite(found[index].object)
                    bp[4] = Value(small: bp[4].small + 1)
                }
                bp[3] = .false
            }
            guard let order = nameOrder(bp[0].object.layout) else { return .collect }
            if index > 0, let step = checkSpecial(order) { return step }
            if index == bp[0].object.field { return finishDerivation() }
            let place = Int(order[index])
            let step = visit(bp[0].object.layout.entries[place].symbol, bp[0].object.attributeValues + place)
            if step != .next { return step }
        }
    }

    /// Takes name and options, which decide how the other attributes are treated.
    private func startDerivation() -> Step {
        let set = bp[0].object
        guard let name = lookup(set, Symbols.name) else {
            return failMissingAttribute(
                bp[0], Symbols.name, context: "in the attrset passed as argument to builtins.derivationStrict")
        }
        if !isForced(name) { return .force }
        guard isPlainString(name.pointee) else {
            noteDerivationName()
            return .error
        }
        guard reserveCopies(2, of: name.pointee.object) else { return .collect }
        do throws(StoreError) {
            try StorePath.check(name: Array(name.pointee.object.byteBuffer))
        } catch {
            return fail(
                .value,
                bytes: Array("invalid derivation name: ".utf8) + error.message
                    + Array(". Please pass a different 'name'.".utf8))
        }
        var options = 0
        for (symbol, option) in [(Symbols.structuredAttrs, 1), (Symbols.ignoreNulls, 2)] {
            guard let slot = lookup(set, symbol) else { continue }
            if !isForced(slot) { return .force }
            guard slot.pointee.isBool else {
                return failExpected("a Boolean", slot.pointee, context: optionText(symbol))
            }
            if slot.pointee.isTrue { options |= option }
        }
        guard nameOrder(set.layout) != nil else { return .collect }
        guard reserve(Size.array(set.field)) else { return .collect }
        guard charge(1 + set.field / 4) else { return .error }
        bp[2] = makeArray(count: set.field)
        bp[5] = Value(small: options)
        bp[1] = Value(small: 0)
        return .next
    }

    /// An array of nulls. `Size.array` reserved.
    private func makeArray(count: Int) -> Value {
        let array = take(words: 1 + count)
        array[0] = Object.header(Kind.array, field: count)
        for index in 0..<count { array.values[index] = .null }
        return Value(Tag.other, array)
    }

    /// Attributes of the builder's that have no effect among structured ones.
    private static let ineffective: Set<String> = [
        "allowedReferences", "allowedRequisites", "disallowedReferences", "disallowedRequisites", "maxSize",
        "maxClosureSize",
    ]

    /// Says what is wrong with the attribute that was just evaluated, if it need not fail.
    private func warnOfAttribute() {
        guard isStructured, let order = nameOrder(bp[0].object.layout),
            let name = lookup(bp[0].object, Symbols.name)
        else { return }
        let entry = bp[0].object.layout.entries[Int(order[index])]
        let attribute = quoted(entry.symbol)
        guard Interpreter.ineffective.contains(attribute) else { return }
        machine.warn(
            "'structuredAttrs' disables the effect of the derivation attribute '\(attribute)'; "
                + "use 'outputChecks.<output>.\(attribute)' instead",
            at: entry.position, context: "while evaluating derivation '\(text(name.pointee))'")
    }

    private func keep(_ value: Value) {
        found[index] = value
        noteWrite(bp[2].object)
        bp[1] = Value(small: index + 1)
    }

    /// Checks the attribute kept last, if what it says must make sense; nil if it does.
    private func checkSpecial(_ order: UnsafePointer<UInt32>) -> Step? {
        let last = index - 1
        let place = Int(order[last])
        let symbol = bp[0].object.layout.entries[place].symbol
        switch symbol {
        case Symbols.outputs, Symbols.outputHashMode: break
        case Symbols.builder, Symbols.system, Symbols.outputHash, Symbols.outputHashAlgo:
            if !isStructured { return nil }
        default: return nil
        }
        let reader = DerivationReader(self, set: bp[0].object, found: found, isStructured: isStructured)
        if symbol == Symbols.outputs, !reserveOutside(reader.outputWordBytes()) { return .collect }
        do {
            try reader.check(symbol, bp[0].object.attributeValues[place], found[last])
            return nil
        } catch {
            // The failure is that of the attribute.
            bp[1] = Value(small: last)
            guard let error = error as? StoreError else { return .error }
            return fail(.value, bytes: error.message)
        }
    }

    /// One attribute: keeps what it stands for, or asks for what that needs.
    private func visit(_ symbol: UInt32, _ slot: Slot) -> Step {
        if symbol == Symbols.ignoreNulls || isStructured && symbol == Symbols.structuredAttrs {
            keep(.null)
            return .next
        }
        if ignoresNulls {
            if !isForced(slot) { return .force }
            if slot.pointee.isNull {
                keep(.null)
                return .next
            }
        }
        switch symbol {
        case Symbols.contentAddressed, Symbols.impure:
            if !isForced(slot) { return .force }
            guard slot.pointee.isBool else { return failExpected("a Boolean", slot.pointee) }
            let feature = symbol == Symbols.impure ? "impure-derivations" : "ca-derivations"
            if slot.pointee.isTrue, !checkFeature(feature) { return .error }
            keep(slot.pointee)
            return .next
        case Symbols.args: return visitArguments(slot)
        default:
            if isStructured { return callForResult(.builtin(machine.toJSONIndex), slot.pointee) }
            if !isForced(slot) { return .force }
            if slot.pointee.isString {
                keep(slot.pointee)
                return .next
            }
            return coerceForResult(slot.pointee)
        }
    }

    private func visitArguments(_ slot: Slot) -> Step {
        if !isForced(slot) { return .force }
        guard slot.pointee.isList else { return failExpected("a list", slot.pointee) }
        let list = slot.pointee.object
        if bp[4].isNull {
            guard reserve(Size.array(list.field)) else { return .collect }
            found[index] = makeArray(count: list.field)
            noteWrite(bp[2].object)
            bp[4] = Value(small: 0)
        }
        while bp[4].small < list.field {
            let item = list.values + bp[4].small
            if !isForced(item) { return .force }
            guard item.pointee.isString else { return coerceForResult(item.pointee) }
            found[index].object.values[bp[4].small] = item.pointee
            noteWrite(found[index].object)
            bp[4] = Value(small: bp[4].small + 1)
        }
        bp[4] = .null
        bp[1] = Value(small: index + 1)
        return .next
    }

    private func coerceForResult(_ value: Value) -> Step {
        bp[3] = .true
        push(.builtin(Builtin.coerce))
        push(value)
        push(Value(small: Int(Coercion([.any, .copyToStore]).rawValue)))
        state.pointee.callCount = 2
        return .call
    }

    private func callForResult(_ function: Value, _ value: Value) -> Step {
        bp[3] = .true
        return callWith(function, value)
    }

    /// Whether an experimental feature is on; `failure` set otherwise.
    func checkFeature(_ feature: String, for reason: String = "") -> Bool {
        if machine.settings.features.contains(feature) { return true }
        _ = fail(
            .restricted,
            "experimental Nix feature '\(feature)' is disabled\(reason); add '--extra-experimental-features \(feature)' to enable it"
        )
        return false
    }

    /// Everything is a string now: nothing below forces or calls.
    private func finishDerivation() -> Step {
        let reader = DerivationReader(self, set: bp[0].object, found: found, isStructured: isStructured)
        let bytes = reader.textBytes()
        // The text with its escapes, twice where it is also written to a file, and the JSON before it.
        let copies = (isStructured ? 4 : 2) * (machine.derivationWriter == nil ? 1 : 2)
        guard reserveOutside(copies * bytes + reader.outputWordBytes()) else { return .collect }
        do {
            let parts = try reader.read()
            guard reserveOutside(parts.outputs.count * Interpreter.outputBytes) else { return .collect }
            let longest = StorePath.prefixLength + parts.name.count + 8
            let sizes = parts.outputs.reduce(Size.string(longest)) { $0 + Size.string(longest + $1.count) }
            guard reserve(sizes + Size.attributesAndLayout(parts.outputs.count + 1)) else { return .collect }
            guard charge(1 + bytes / Interpreter.derivationBytesPerUnit + parts.outputs.count * Interpreter.outputUnits)
            else {
                return .error
            }
            guard let pairs = derivationPairs(try reader.add(parts)) else { return .error }
            return done(makeAttributes(pairs))
        } catch let error as StoreError {
            return fail(.value, bytes: error.message)
        } catch is DerivationAssembly.Stopped {
            return poll() ? fail(.value, "evaluation failed") : .error
        } catch {
            return .error
        }
    }

    /// Bytes of a derivation that are written and hashed three times for one unit of fuel.
    private static var derivationBytesPerUnit: Int { 32 }
    /// Fuel for an output: two hashes, a path, a context and a string.
    private static var outputUnits: Int { 32 }
    /// Bytes beside the heap that an output takes: in the record, the tables of contexts and on the way there.
    static var outputBytes: Int { 1_536 }

    /// The attributes for the paths of a derivation and of its outputs; nil with `failure` set. The caller has reserved
    /// the heap for two strings for each output and one more, and `outputBytes` outside the heap for each output.
    func derivationPairs(_ index: Int) -> [(symbol: UInt32, value: Value)]? {
        let record = machine.store.derivations.records[index]
        guard let own = singleContext([UInt8(ascii: "=")] + record.path) else { return nil }
        var pairs = [(symbol: Symbols.drvPath, value: makeString(record.path, context: own))]
        for output in record.outputs {
            let element = ContextElement.output(output.name, derivation: record.path)
            guard let context = singleContext(element.text), let name = symbol(ofCharged: output.name) else {
                return nil
            }
            machine.store.outputElements[context.object.values[0].bits] = (index, output.name)
            let path =
                output.path
                ?? [CanonPath.separator]
                + StorePath.upstreamPlaceholder(derivation: record.path, output: output.name).text(.nix32)
            pairs.append((name, makeString(path, context: context)))
        }
        return pairs
    }
}
