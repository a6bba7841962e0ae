import NixStore

/// Reading what derivations build, which Nix calls import from derivation.
///
/// A step that is about to read an output suspends the evaluation with a request, and is repeated when the host has
/// answered. No fuel is charged for it: how far an evaluation comes must not depend on what has been built before.
extension Interpreter {
    /// Whether what a string refers to is there to be read. The result is `.next` if it is.
    func checkBuilt(_ value: Value) -> Step {
        guard value.isString, value.object.hasContext else { return .next }
        if machine.awaitsBuild {
            machine.awaitsBuild = false
            if let failure = machine.requestFailure {
                machine.requestFailure = nil
                machine.failure = failure
                if failure.position == nil { machine.failure?.position = currentSourcePosition() }
                return .error
            }
        }
        var needed: [NeededOutput] = []
        for element in elements(of: value.object) {
            guard case .output(let output, let derivation) = element else { continue }
            if machine.importFromDerivation == .forbidden { return failForbidden(output, derivation) }
            let path = try? outputText(element)
            if let path, machine.builtOutputs.contains(ByteKey(path)) { continue }
            let isKnown = OutputChain(derivation) == nil && path.map(StorePath.isStorePath) == true
            if let path, isKnown, machine.importFromDerivation == .built {
                needed.append(NeededOutput(derivation: derivation, name: output, path: path))
            } else if path.map({ (try? machine.io.pathExists($0)) == true }) != true {
                return failUnbuilt(output, derivation)
            }
        }
        if needed.isEmpty { return .next }
        machine.awaitsBuild = true
        machine.request = .build(needed)
        return .suspend
    }

    private func failForbidden(_ output: [UInt8], _ derivation: [UInt8]) -> Step {
        fail(
            .restricted,
            bytes: Array("cannot build '".utf8) + shown(output, derivation)
                + Array("' during evaluation because the option 'allow-import-from-derivation' is disabled".utf8))
    }

    private func failUnbuilt(_ output: [UInt8], _ derivation: [UInt8]) -> Step {
        let advice =
            machine.importFromDerivation == .built
            ? "' during evaluation: its path is only known after the build; read what it would give from a file"
            : "' during evaluation: this evaluator does not build (import from derivation); build it first, or read what "
                + "it would give from a file"
        return fail(
            .restricted, bytes: Array("cannot build '".utf8) + shown(output, derivation) + Array(advice.utf8))
    }

    private func shown(_ output: [UInt8], _ derivation: [UInt8]) -> [UInt8] {
        (OutputChain(derivation)?.text ?? derivation) + [UInt8(ascii: "^")] + output
    }
}

extension Machine {
    /// Answers a request for outputs, which have been built.
    ///
    /// - Parameters:
    ///   - outputs: the outputs that were asked for.
    ///   - objects: the store objects that may be read: the outputs and what they refer to.
    /// - Returns: false if the memory limit has no room for the list of objects.
    public func answer(built outputs: [NeededOutput], objects: [BuiltObject]) -> Bool {
        for built in objects where io.object(built.path) == nil {
            let object = StoreObject(built)
            guard interpreter.hasRoomOutsideHeap(object.byteCount) else { return false }
            interpreter.countOutsideHeap(io.add(built.path, object))
        }
        for output in outputs where builtOutputs.insert(ByteKey(output.path)).inserted {
            interpreter.countOutsideHeap(Self.builtOutputBytes + output.path.count)
            guard tracesImportFromDerivation else { continue }
            print(
                Array("warning: built '".utf8) + output.text
                    + Array("' during evaluation due to an import from derivation".utf8))
        }
        return true
    }

    /// The bytes of an entry in `builtOutputs`, without the path.
    private static let builtOutputBytes = 96
}
