import MessageText
import NixStore

/// Builtins that look at the contexts of strings and change them.
extension Builtin {
    static let contexts: [Builtin] = [
        .function(
            "getContext", [.evaluated("string", .single)], since: "2.3",
            "The store paths that a string refers to, each with how."
        ) { $0.getContext() },
        .function(
            "appendContext", [.evaluated("string"), .checked("context")], since: "2.3",
            "The string with more references, as `getContext` gives them.", early: { $0.expectString(0) != nil }
        ) { $0.appendContext() },
        .frame(
            "unsafeDiscardOutputDependency", [.checked("string", .single, isLazy: true)], slots: 1, since: "0.13",
            "The string with each reference to a derivation and all its outputs made one to its file alone."
        ) { interpreter in
            interpreter.coerced(0, .copyToStore) { interpreter.discardOutputDependency() }
        },
        .frame(
            "addDrvOutputDependencies", [.checked("string", .single, isLazy: true)], slots: 1, since: "2.19",
            "The string with its one reference to a derivation's file made one to the derivation and all its outputs."
        ) { interpreter in
            interpreter.coerced(0, .copyToStore) { interpreter.addOutputDependencies() }
        },
    ]
}

extension Interpreter {
    /// A set from store paths to what the string has of each.
    fileprivate func getContext() -> Step {
        guard let string = expectString(0) else { return .error }
        let count = string.contextCount
        // Each element may be of a path of its own.
        let each = Size.attributesAndLayout(3) + Size.list(1)
        guard reserve(Size.each(count, each) + Size.attributesAndLayout(count)) else { return .collect }
        if let step = admitElements(count) { return step }
        guard let references = references(of: string) else { return .error }
        var pairs: [(symbol: UInt32, value: Value)] = []
        for (path, reference) in references {
            guard poll(at: pairs.count), let name = symbol(ofCharged: path), let value = attributes(of: reference)
            else { return .error }
            pairs.append((name, value))
        }
        return done(makeAttributes(pairs))
    }

    /// What the context of a string refers to, by store path; fails and returns nil for a chain that cannot be resolved.
    private func references(of string: StringRef) -> [[UInt8]: PathReference]? {
        var references: [[UInt8]: PathReference] = [:]
        for element in elements(of: string) {
            switch element {
            case .path(let path): references[path, default: PathReference()].path = true
            case .deep(let path): references[path, default: PathReference()].allOutputs = true
            case .output(let output, let derivation):
                guard let chain = OutputChain(derivation) else {
                    references[derivation, default: PathReference()].outputs.append(output)
                    continue
                }
                do throws(StoreError) {
                    references[try resolved(chain), default: PathReference()].outputs.append(output)
                } catch {
                    _ = fail(.value, bytes: error.message)
                    return nil
                }
            }
        }
        return references
    }

    private func attributes(of reference: PathReference) -> Value? {
        var pairs: [(symbol: UInt32, value: Value)] = []
        if reference.path { pairs.append((Symbols.path.number, .true)) }
        if reference.allOutputs { pairs.append((Symbols.allOutputs.number, .true)) }
        if !reference.outputs.isEmpty {
            let outputs = makeList(reference.outputs.count)
            for (index, output) in reference.outputs.enumerated() {
                guard let name = symbol(ofCharged: output) else { return nil }
                outputs.list[index] = nameString(name)
            }
            pairs.append((Symbols.outputs.number, outputs))
        }
        return makeAttributes(pairs)
    }

    /// Charges for taking so many elements of a context apart beside the heap; what to answer when a limit forbids it, or
    /// not yet allows it.
    private func admitElements(_ count: Int) -> Step? {
        guard reserveOutside(count * 512) else { return .collect }
        return charge(1 + 4 * count) ? nil : .error
    }

    /// Reserves a copy of the frame's string with a context of as many elements, and charges for it; as `admitElements`.
    private func admitContextChange() -> Step? {
        let string = argument(0).string
        let count = string.contextCount
        guard reserve(Size.string(string.count) + Size.list(count)) else { return .collect }
        if let step = admitElements(count) { return step }
        return charge(string.count / 64) ? nil : .error
    }

    /// Asks to force an element: what was read of those before it is read again then.
    private func force(after index: Int) -> Step { charge(index / 4) ? .force : .error }

    /// Adds what a set says, in the form of `getContext`'s result.
    fileprivate func appendContext() -> Step {
        guard let string = expectString(0), let set = expectSet(1) else { return .error }
        guard let order = nameOrder(of: set) else { return .collect }
        var texts: [[UInt8]] = []
        for index in 0..<set.count {
            let place = Int(order[index])
            let name = state.pointee.symbols.bytes(set.entries[place].symbol)
            guard reserveCopies(4, length: name.count) else { return .collect }
            let path = Array(name)
            guard StorePath.isStorePath(path) else {
                return fail(
                    .value,
                    bytes: Array("context key '".utf8) + MessageText.excerpt(path)
                        + Array("' is not a store path".utf8))
            }
            let slot = set.values + place
            if !isForced(slot) { return force(after: index + texts.count) }
            guard slot.pointee.isAttributes else { return failExpected("a set", slot.pointee) }
            let step = readContext(slot.pointee.object, path, &texts)
            if step != .next { return step == .force ? force(after: index + texts.count) : step }
            guard poll(at: index), hasRoomOutsideHeap(texts.count * 512) || failMemory() else { return .error }
        }
        let size = Size.list(texts.count)
        guard reserve(Size.string(string.count) + size * 2 + contextBytes(state.pointee.arguments, 1)),
            reserveOutside(contextGrowth(texts.count, textBytes: texts.reduce(0) { $0 + $1.count }))
        else { return .collect }
        guard charge(1 + texts.count + string.count / 64), let added = makeContext(texts) else { return .error }
        let result = makeString(length: string.count, context: joinContexts(context(of: argument(0)), added))
        return copy(string.start, to: result.object.bytes, count: string.count) ? done(result) : .error
    }

    /// The elements that one attribute of `appendContext`'s set names; `.next` when all of it was forced.
    private func readContext(_ info: Object, _ path: [UInt8], _ texts: inout [[UInt8]]) -> Step {
        for (symbol, element) in [
            (Symbols.path.number, ContextElement.path(path)), (Symbols.allOutputs.number, ContextElement.deep(path)),
        ] {
            guard let slot = lookup(info, symbol) else { continue }
            if !isForced(slot) { return .force }
            guard slot.pointee.isBool else { return failExpected("a Boolean", slot.pointee) }
            if !slot.pointee.isTrue { continue }
            if symbol == Symbols.allOutputs, !StorePath.isDerivation(path) {
                return failNoDerivation("all-outputs context", path)
            }
            texts.append(element.text)
        }
        guard let slot = lookup(info, Symbols.outputs) else { return .next }
        if !isForced(slot) { return .force }
        guard slot.pointee.isList else { return failExpected("a list", slot.pointee) }
        let list = slot.pointee.object
        if list.field > 0, !StorePath.isDerivation(path) { return failNoDerivation("derivation output context", path) }
        for index in 0..<list.field {
            if !isForced(list.values + index) { return .force }
            guard poll(at: index) else { return .error }
            guard isPlainString(list.values[index]) else { return .error }
            guard reserveCopies(4, of: list.values[index].object) else { return .collect }
            let output = Array(list.values[index].string.bytes)
            texts.append(ContextElement.output(output, derivation: path).text)
        }
        return .next
    }

    private func failNoDerivation(_ what: String, _ path: [UInt8]) -> Step {
        fail(
            .value,
            bytes: Array("tried to add \(what) of ".utf8) + MessageText.excerpt(path)
                + Array(", which is not a derivation, to a string".utf8))
    }

    /// Derivations with all they reach become plain paths.
    fileprivate func discardOutputDependency() -> Step {
        if let step = admitContextChange() { return step }
        let texts = elements(of: argument(0).object).map { element in
            if case .deep(let path) = element { return path }
            return element.text
        }
        return withContext(texts)
    }

    /// The one derivation that the string refers to, with all it reaches.
    fileprivate func addOutputDependencies() -> Step {
        if let step = admitContextChange() { return step }
        let elements = elements(of: argument(0).object)
        guard elements.count == 1 else {
            let text = Array("context of string '".utf8) + excerpt(argument(0).object)
            return fail(
                .value, bytes: text + Array("' must have exactly one element, but has \(elements.count)".utf8))
        }
        switch elements[0] {
        case .deep: return done(argument(0))
        case .path(let path):
            guard StorePath.isDerivation(path) else {
                return fail(
                    .value,
                    bytes: Array("path '".utf8) + MessageText.excerpt(path) + Array("' is not a derivation".utf8))
            }
            return withContext([ContextElement.deep(path).text])
        case .output(let output, _):
            return fail(
                .value,
                bytes: Array(
                    "`addDrvOutputDependencies` can only act on derivations, not on a derivation output such as '".utf8)
                    + MessageText.excerpt(output) + Array("'".utf8))
        }
    }

    /// The frame's string with another context; what `admitContextChange` reserved.
    private func withContext(_ texts: [[UInt8]]) -> Step {
        let string = argument(0).string
        guard let context = makeContext(texts) else { return .error }
        let result = makeString(length: string.count, context: context)
        return copy(string.start, to: result.object.bytes, count: string.count) ? done(result) : .error
    }
}

/// What the context of a string refers to of one store path.
private struct PathReference {
    var path = false
    var allOutputs = false
    var outputs: [[UInt8]] = []
}
