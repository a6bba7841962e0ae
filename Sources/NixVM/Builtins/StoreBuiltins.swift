import MessageText
import NixStore

/// Builtins that name store objects.
extension Builtin {
    static let store: [Builtin] = [
        .function(
            "placeholder", [.evaluated("output")], since: "2.0",
            "A text that a derivation's builder finds replaced by the path of that output.", isGlobal: true
        ) { interpreter in
            guard let output = interpreter.expectPlainString(0) else { return .error }
            guard interpreter.reserve(Size.string(64), outside: 3 * output.count) else { return .collect }
            guard interpreter.charge(output.count / 64) else { return .error }
            return interpreter.done(interpreter.makeString(StorePath.placeholder(output: Array(output.bytes))))
        },
        .function(
            "toFile", [.evaluated("name"), .evaluated("contents")], since: "0.10",
            "The store path of a file with these contents.", early: { $0.expectPlainString(0) != nil }
        ) { $0.toFile() },
        .frame(
            "storePath", [.checked("path", .quoted, isLazy: true)], slots: 2, since: "0.12",
            "A path of the store as a string that refers to it."
        ) { interpreter in
            interpreter.coercedPath(0, marker: 1, isRead: false) { interpreter.storePath() }
        },
        .function(
            "outputOf", [.checked("derivation"), .checked("output")], since: "2.18",
            "A text that stands for an output of a derivation which is itself built."
        ) { $0.outputOf() },
    ]
}

extension Interpreter {
    /// A string that is a store path, with the path in its context; nil with `failure` set. It lives as long as the
    /// machine. The caller has called `reserveStorePath`.
    func storePathString(_ path: [UInt8]) -> Value? {
        singleContext(path).flatMap { permanentString(path, context: $0) }
    }

    /// Finishes the step with such a string.
    func done(storePath path: [UInt8]) -> Step { storePathString(path).map { done($0) } ?? .error }

    fileprivate func toFile() -> Step {
        guard let name = expectPlainString(0), let contents = expectString(1) else { return .error }
        guard reserveOutside(3 * contents.count + name.count), reserveStorePath() else { return .collect }
        var references: [[UInt8]] = []
        for element in elements(of: contents) {
            guard case .path(let path) = element else {
                return fail(
                    .value,
                    bytes: Array("files created by builtins.toFile may not reference derivations, but ".utf8)
                        + excerpt(name.object) + Array(" references ".utf8) + MessageText.excerpt(element.text))
            }
            references.append(path)
        }
        guard charge(1 + contents.count / 64) else { return .error }
        let bytes = Array(contents.bytes)
        do throws(StoreError) {
            let hash = Hash(of: bytes, .sha256)
            let path = try StorePath.text(name: Array(name.bytes), sha256: hash.bytes, references: references)
            let object = StoreObject(text: bytes, references: references)
            guard keep(object, at: path, ContentAddress(.text, hash)) else { return .error }
            return done(storePath: path)
        } catch {
            return fail(.value, bytes: error.message)
        }
    }

    /// The path itself, with the store object that it lies in as its context.
    fileprivate func storePath() -> Step {
        if machine.settings.pure {
            return fail(.restricted, "'builtins.storePath' is not allowed in pure evaluation mode")
        }
        var path = CanonPath.canonicalize(Array(argument(0).string.bytes))
        do throws(EvalIOError) {
            if !StorePath.isStorePath(path) { path = try machine.io.resolveSymlinks(path, .full) }
        } catch {
            return fail(error)
        }
        guard let top = StorePath.top(of: path) else {
            return fail(
                .value,
                bytes: Array("path '".utf8) + MessageText.excerpt(path) + Array("' is not in the Nix store".utf8))
        }
        let known = argument(0).isString ? contextBytes(argumentSlot(0), 1) : 0
        guard reserve(Size.string(path.count) + known + Size.list(1)), reserveStorePath() else { return .collect }
        guard let own = singleContext(top) else { return .error }
        let context = joinContexts(argument(0).isString ? context(of: argument(0)) : .null, own)
        return done(makeString(path, context: context))
    }

    /// What stands for an output of a derivation that a string names.
    fileprivate func outputOf() -> Step {
        guard checkFeature("dynamic-derivations"), let string = expectString(0), let name = expectPlainString(1) else {
            return .error
        }
        let elements = elements(of: string)
        let text = MessageText.shortened(string.bytes)
        guard elements.count == 1 else {
            return fail(
                .value,
                "string '\(text)' has \(elements.count) entries in its context. It should only have exactly one entry"
            )
        }
        if case .deep = elements[0] {
            return fail(
                .value,
                "string '\(text)' has a context which refers to a complete source and binary closure. "
                    + "This is not supported at this time")
        }
        let element = ContextElement.output(Array(name.bytes), derivation: elements[0].text)
        let depth = OutputChain(elements[0].text)?.outputs.count ?? 0
        guard depth < InputOutputs.maximumDepth else {
            return fail(.value, "derivations lie within one another more than \(InputOutputs.maximumDepth) deep")
        }
        guard charge(1 + depth) else { return .error }
        do throws(StoreError) {
            let expected = try outputText(elements[0])
            guard expected.elementsEqual(string.bytes) else {
                return failOtherText(excerpt(string.object), elements[0], expected)
            }
            let path = try outputText(element)
            let text = element.text
            guard reserve(Size.string(path.count)), reserveOutside(contextGrowth(1, textBytes: text.count)) else {
                return .collect
            }
            guard let context = singleContext(text) else { return .error }
            return done(makeString(path, context: context))
        } catch {
            return fail(.value, bytes: error.message)
        }
    }

    /// A string must be what its context refers to.
    private func failOtherText(_ text: [UInt8], _ element: ContextElement, _ expected: [UInt8]) -> Step {
        guard case .output(let output, let derivation) = element else {
            return fail(
                .value,
                bytes: Array("path string '".utf8) + text + Array("' has context with the different path '".utf8)
                    + expected + Array("'".utf8))
        }
        return fail(
            .value,
            bytes: Array("string '".utf8) + text + Array("' has context with the output '".utf8)
                + MessageText.excerpt(output)
                + Array("' from derivation '".utf8) + (OutputChain(derivation)?.text ?? derivation)
                + Array("', but the string is not the right placeholder for this derivation output. ".utf8)
                + Array("It should be '".utf8) + expected + Array("'".utf8))
    }

    /// The path of an output, or what stands for it while it is not known.
    func outputText(_ element: ContextElement) throws(StoreError) -> [UInt8] {
        guard case .output(let output, let derivation) = element, let chain = OutputChain(element.text) else {
            return element.text
        }
        if chain.outputs.count == 1 {
            let record = machine.store.derivations.record(try record(of: derivation))
            guard let known = record.output(output) else {
                throw StoreError(
                    "derivation '\(MessageText.shortened(derivation))' does not have output "
                        + "'\(MessageText.shortened(output))'")
            }
            if let path = known.path { return path }
        }
        return [CanonPath.separator] + chain.placeholder.text(.nix32)
    }
}
