import NixBytecode
import NixStore

/// `derivationStrict`. The `derivation` around it is written in Nix.
extension Builtin {
    static let derivations: [Builtin] = [
        .frame(
            "derivationStrict", [.checked("attributes", .single)], frame: DerivationFrame.self, since: "0.16",
            "The paths of a derivation and of its outputs. `derivation` is the same, evaluated when it is needed.",
            isGlobal: true,
            backtrace: BacktraceHook {
                $0.noteDerivation($1)
                return true
            }
        ) { $0.derivationStep() }
    ]
}

/// The frame of `derivationStrict`.
struct DerivationFrame: BuiltinFrame {
    @Held var set: AttributesRef
    /// The attribute that is looked at, in the order of names; null until name and options are known.
    @Held var index: Int
    /// For each attribute before that what it is coerced to: null where it is left out, an array of strings for `args`.
    @Held var found: ArrayRef
    /// Whether what a call gave is at the top when a step begins.
    @Held var isAnswered: Bool
    /// The element of `args` that is coerced; null while the attribute is another one.
    @Held var argument: Int
    @Held var options: DerivationOptions

    var hasBegun: Bool { !$index.isNull }
}

struct DerivationOptions: OptionSet, FrameWord {
    let rawValue: Int
    /// `__structuredAttrs`: the attributes go into one text in JSON.
    static let structured = DerivationOptions(rawValue: 1)
    /// `__ignoreNulls`: an attribute that is null is left out.
    static let ignoresNulls = DerivationOptions(rawValue: 2)

    init(rawValue: Int) { self.rawValue = rawValue }
    init(word: Value) { rawValue = word.small }
    var word: Value { Value(small: rawValue) }
}

extension Interpreter {
    private var frame: DerivationFrame {
        @inline(__always) _read { yield topFrame(as: DerivationFrame.self).pointee }
        @inline(__always) nonmutating _modify { yield &topFrame(as: DerivationFrame.self).pointee }
    }

    private var isStructured: Bool { frame.options.contains(.structured) }

    fileprivate func derivationStep() -> Step {
        guard frame.$set.isAttributes else { return failExpected("a set", frame.$set) }
        if !frame.hasBegun {
            let step = startDerivation()
            if step != .next { return step }
        }
        while true {
            if frame.isAnswered {
                takeAnswer(pop())
                frame.isAnswered = false
            }
            guard let order = nameOrder(of: frame.set) else { return .collect }
            if frame.index > 0, let step = checkSpecial(order) { return step }
            if frame.index == frame.set.count { return finishDerivation() }
            let place = Int(order[frame.index])
            let step = visit(frame.set.entries[place].symbol, frame.set.values + place)
            if step != .next { return step }
        }
    }

    /// Keeps what the attribute, or the element of `args`, was coerced to.
    private func takeAnswer(_ value: Value) {
        if frame.$argument.isNull {
            warnOfAttribute()
            return keep(value)
        }
        keep(value, at: frame.argument, in: frame.found[frame.index])
        frame.argument += 1
    }

    private func keep(_ value: Value, at index: Int, in strings: Value) {
        let array = ArrayRef(word: strings)
        array[index] = value
        noteWrite(array.object)
    }

    /// Takes name and options, which decide how the other attributes are treated.
    private func startDerivation() -> Step {
        let set = frame.set
        guard let name = lookup(set, Symbols.name) else {
            return failMissingAttribute(
                set.value, Symbols.name.number,
                context: "in the attrset passed as argument to builtins.derivationStrict")
        }
        if !isForced(name) { return .force }
        guard isPlainString(name.pointee) else {
            noteDerivationName()
            return .error
        }
        guard reserveCopies(2, of: name.pointee.object) else { return .collect }
        do throws(StoreError) {
            try StorePath.check(name: Array(name.pointee.string.bytes))
        } catch {
            return fail(
                .value,
                bytes: Array("invalid derivation name: ".utf8) + error.message
                    + Array(". Please pass a different 'name'.".utf8))
        }
        var options: DerivationOptions = []
        let choices: [(Symbols, DerivationOptions)] = [(.structuredAttrs, .structured), (.ignoreNulls, .ignoresNulls)]
        for (known, option) in choices {
            guard let slot = lookup(set, known) else { continue }
            if !isForced(slot) { return .force }
            guard slot.pointee.isBool else {
                return failExpected("a Boolean", slot.pointee, context: optionText(known))
            }
            if slot.pointee.isTrue { options.insert(option) }
        }
        guard nameOrder(of: set) != nil else { return .collect }
        guard reserve(Size.array(set.count)) else { return .collect }
        guard charge(1 + set.count / 4) else { return .error }
        frame.found = makeArray(set.count)
        frame.options = options
        frame.index = 0
        return .next
    }

    /// Attributes of the builder's that have no effect among structured ones.
    private static let ineffective: Set<String> = [
        "allowedReferences", "allowedRequisites", "disallowedReferences", "disallowedRequisites", "maxSize",
        "maxClosureSize",
    ]

    /// Says what is wrong with the attribute that was just evaluated, if it need not fail.
    private func warnOfAttribute() {
        guard isStructured, let order = nameOrder(of: frame.set), let name = lookup(frame.set, Symbols.name)
        else { return }
        let entry = frame.set.entries[Int(order[frame.index])]
        let attribute = quoted(entry.symbol)
        guard Interpreter.ineffective.contains(attribute) else { return }
        machine.warn(
            "'structuredAttrs' disables the effect of the derivation attribute '\(attribute)'; "
                + "use 'outputChecks.<output>.\(attribute)' instead",
            at: entry.position, context: "while evaluating derivation '\(text(name.pointee))'")
    }

    private func keep(_ value: Value) {
        keep(value, at: frame.index, in: frame.$found)
        frame.index += 1
    }

    /// Checks the attribute kept last, if what it says must make sense; nil if it does.
    private func checkSpecial(_ order: UnsafePointer<UInt32>) -> Step? {
        let last = frame.index - 1
        let place = Int(order[last])
        let symbol = frame.set.entries[place].symbol
        switch Symbols(number: symbol) {
        case .outputs, .outputHashMode: break
        case .builder, .system, .outputHash, .outputHashAlgo:
            if !isStructured { return nil }
        default: return nil
        }
        let reader = derivationReader
        if symbol == Symbols.outputs, !reserveOutside(reader.outputWordBytes()) { return .collect }
        do {
            try reader.check(symbol, frame.set.values[place], frame.found[last])
            return nil
        } catch {
            // The failure is that of the attribute.
            frame.index = last
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
        if frame.options.contains(.ignoresNulls) {
            if !isForced(slot) { return .force }
            if slot.pointee.isNull {
                keep(.null)
                return .next
            }
        }
        switch Symbols(number: symbol) {
        case .contentAddressed, .impure:
            if !isForced(slot) { return .force }
            guard slot.pointee.isBool else { return failExpected("a Boolean", slot.pointee) }
            let feature = symbol == Symbols.impure ? "impure-derivations" : "ca-derivations"
            if slot.pointee.isTrue, !checkFeature(feature) { return .error }
            keep(slot.pointee)
            return .next
        case .args: return visitArguments(slot)
        default:
            if isStructured { return callForResult(.builtin(.writeJSON), slot.pointee) }
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
        let list = slot.pointee.list
        if frame.$argument.isNull {
            guard reserve(Size.array(list.count)) else { return .collect }
            keep(makeArray(list.count).value, at: frame.index, in: frame.$found)
            frame.argument = 0
        }
        while frame.argument < list.count {
            let item = list.slot(frame.argument)
            if !isForced(item) { return .force }
            guard item.pointee.isString else { return coerceForResult(item.pointee) }
            keep(item.pointee, at: frame.argument, in: frame.found[frame.index])
            frame.argument += 1
        }
        frame.$argument = .null
        frame.index += 1
        return .next
    }

    private func coerceForResult(_ value: Value) -> Step {
        frame.isAnswered = true
        push(.builtin(.coerce))
        push(value)
        push(Value(small: Int(Coercion([.any, .copyToStore]).rawValue)))
        state.pointee.callCount = 2
        return .call
    }

    private func callForResult(_ function: Value, _ value: Value) -> Step {
        frame.isAnswered = true
        return callWith(function, value)
    }

    /// Whether an experimental feature is on; `failure` set otherwise.
    func checkFeature(_ feature: String, for reason: @autoclosure () -> String = "") -> Bool {
        if machine.settings.features.contains(feature) { return true }
        _ = fail(
            .restricted,
            "experimental Nix feature '\(feature)' is disabled\(reason()); add '--extra-experimental-features \(feature)' to enable it"
        )
        return false
    }

    private var derivationReader: DerivationReader {
        DerivationReader(
            self, set: frame.set.object, found: frame.found.elements, isStructured: isStructured)
    }

    /// Everything is a string now: nothing below forces or calls.
    private func finishDerivation() -> Step {
        let reader = derivationReader
        let bytes = reader.textBytes()
        // The text with its escapes, twice where it is also written to a file, and the JSON before it.
        let copies = (isStructured ? 6 : 4) * (machine.writesDerivations ? 2 : 1)
        guard reserveOutside(copies * bytes + reader.outputWordBytes()) else { return .collect }
        do {
            let parts = try reader.read()
            let (count, nameBytes) = parts.outputSizes
            guard reserveOutside(count * Interpreter.outputBytes) else { return .collect }
            let longest = StorePath.prefixLength + parts.name.count + 8
            guard reserve((count + 1) * Size.string(longest) + nameBytes + Size.attributesAndLayout(count + 1))
            else { return .collect }
            guard charge(1 + bytes / Interpreter.derivationBytesPerUnit + count * Interpreter.outputUnits) else {
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
        let table = machine.store.derivations
        var text = [UInt8(ascii: "=")] + table.pathView(index)
        guard let own = singleContext(text) else { return nil }
        var pairs = [(symbol: Symbols.drvPath.number, value: makeString(table.pathView(index), context: own))]
        table.forEachOutput(index) { name, path in
            text.removeAll(keepingCapacity: true)
            text.append(UInt8(ascii: "!"))
            text += name
            text.append(UInt8(ascii: "!"))
            text += table.pathView(index)
            guard let context = singleContext(text), let symbol = symbol(ofCharged: name) else { return false }
            noteOutput(context, record: index, nameLength: name.count)
            if let path {
                pairs.append((symbol, makeString(path, context: context)))
            } else {
                let hash = StorePath.upstreamPlaceholder(derivation: table.path(index), output: Array(name))
                pairs.append((symbol, makeString([CanonPath.separator] + hash.text(.nix32), context: context)))
            }
            return true
        }
        return pairs.count == 1 + table.outputSizes(index).count ? pairs : nil
    }
}
