import MessageText
import NixStore

/// Flake references as text and as attributes, and flakes.
extension Builtin {
    static let flakes: [Builtin] = [
        .function("parseFlakeRef", [.checked("reference")], since: "2.18", "A flake reference as a set.") {
            $0.parseFlakeReference()
        },
        .function(
            "flakeRefToString", [.checked("reference")], since: "2.18", "A flake reference that is a set, as a string."
        ) { $0.flakeReferenceText() },
        .frame(
            "getFlake", [.checked("reference")], slots: 1, since: "2.4", "A flake: its outputs, inputs and source.",
            limits:
                "flakes whose inputs lie on this machine, with or without lock file; nothing is written, no registry "
                + "is read; an input is fetched when something needs it"
        ) { $0.getFlake() },
    ]
}

extension Interpreter {
    func parseFlakeReference() -> Step {
        guard let text = expectPlainString(0) else { return .error }
        if let step = refuseInput(text.count) { return step }
        do throws(FetchError) {
            let attributes = try FlakeReference(Array(text.bytes)).attributes
            let strings = attributes.values.reduce(0) { $0 + Size.string($1.byteCount) }
            guard reserve(strings + Size.attributesAndLayout(attributes.count)) else { return .collect }
            var pairs: [(symbol: UInt32, value: Value)] = []
            for (name, value) in attributes {
                guard let symbol = symbol(ofCharged: Array(name.utf8)) else { return .error }
                pairs.append((symbol, attributeValue(value)))
            }
            return done(makeAttributes(pairs))
        } catch {
            return fail(error)
        }
    }

    private func attributeValue(_ attribute: InputAttribute) -> Value {
        switch attribute {
        case .text(let text): makeString(text)
        case .number(let number): makeInteger(Int64(truncatingIfNeeded: number))
        case .flag(let flag): .bool(flag)
        }
    }

    /// The attribute of a reference that a forced value is; fails and returns nil if it cannot be one.
    private func inputAttribute(_ value: Value, _ name: String) -> InputAttribute? {
        if value.isBool { return .flag(value.isTrue) }
        if value.isString { return .text(Array(value.string.bytes)) }
        guard value.isInteger else {
            _ = fail(
                .value,
                "flake reference attribute sets may only contain integers, Booleans, and strings, but attribute "
                    + "'\(MessageText.shortened(name))' is \(typeName(value))")
            return nil
        }
        guard value.integer >= 0 else {
            _ = fail(
                .value, "negative value given for flake ref attr \(MessageText.shortened(name)): \(value.integer)")
            return nil
        }
        return .number(UInt64(value.integer))
    }

    func flakeReferenceText() -> Step {
        guard argument(0).isAttributes else { return failExpected("a set", argument(0)) }
        let set = argument(0).object
        guard let order = nameOrder(of: set) else { return .collect }
        var attributes: [String: InputAttribute] = [:]
        var bytes = 0
        for index in 0..<set.field {
            let place = Int(order[index])
            let symbol = set.layout.entries[place].symbol
            let slot = set.attributeValues + place
            if !isForced(slot) { return .force }
            let value = slot.pointee
            bytes += inputBytes(symbol, value)
            if let step = refuseInput(bytes) { return step }
            let name = String(decoding: state.pointee.symbols.bytes(symbol), as: UTF8.self)
            guard let attribute = inputAttribute(value, name) else { return .error }
            attributes[name] = attribute
        }
        do throws(FetchError) {
            let text = try FlakeReference(attributes).text()
            guard reserve(Size.string(text.count)) else { return .collect }
            return done(makeString(text))
        } catch {
            return fail(error)
        }
    }

    /// Calls the function that does it, which is written in Nix: it takes the builtin that fails, whether references
    /// must be locked, and the reference.
    func getFlake() -> Step {
        let value = argument(0)
        guard value.isPath || isPlainString(value) else { return .error }
        return withCoreFunction(CorePackages.flakes) { function in
            push(function)
            push(.builtin(.fail))
            push(.bool(requiresHash(isRemote: false)))
            push(value)
            state.pointee.callCount = 3
            return .tailCall
        }
    }

    /// Goes on with the function of a file that comes with the evaluator, once the host has loaded it.
    func withCoreFunction(_ path: [UInt8], _ body: (Value) -> Step) -> Step {
        if let root = machine.importRoots[ByteKey(path)] {
            if !isForced(state.pointee.roots + root) { return .force }
            return body(state.pointee.roots[root])
        }
        if let failure = machine.requestFailure {
            machine.requestFailure = nil
            machine.failure = failure
            return .error
        }
        guard let root = machine.answeredProgram else {
            machine.request = .program(path: path)
            return .suspend
        }
        machine.answeredProgram = nil
        machine.importRoots[ByteKey(path)] = root
        machine.importedRoots.insert(root)
        if !isForced(state.pointee.roots + root) { return .force }
        return body(state.pointee.roots[root])
    }
}
