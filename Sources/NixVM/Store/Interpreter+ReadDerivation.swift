import MessageText
import NixStore

/// Derivations that this evaluation did not make, which are read from their files.
extension Interpreter {
    /// The record of a derivation that this evaluation made, or that is in the store.
    func record(of derivation: [UInt8]) throws(StoreError) -> Int {
        if let index = machine.store.derivations.index(derivation) { return index }
        guard StorePath.isDerivation(derivation) else {
            throw StoreError("path '\(MessageText.shortened(derivation))' is not a derivation")
        }
        return try readDerivation(derivation)
    }

    /// The store path of a derivation that is an output of another one. It throws if the path is only known after a
    /// build.
    func resolved(_ chain: OutputChain) throws(StoreError) -> [UInt8] {
        var derivation = chain.root
        for output in chain.outputs {
            let record = machine.store.derivations.record(try record(of: derivation))
            let shown = MessageText.shortened(derivation)
            let name = MessageText.shortened(output)
            guard let known = record.output(output) else {
                throw StoreError("the derivation '\(shown)' doesn't have an output named '\(name)'")
            }
            guard let path = known.path else {
                throw StoreError("cannot operate on output '\(name)' of the unbuilt derivation '\(shown)'")
            }
            derivation = path
        }
        return derivation
    }

    /// Reads a derivation and all that it depends on. Inputs are added first, and a file that waits for its inputs is
    /// parsed only once.
    private func readDerivation(_ path: [UInt8]) throws(StoreError) -> Int {
        let table = machine.store.derivations
        var waiting: [[UInt8]: StoredDerivation] = [:]
        var pending = [path]
        while let next = pending.last {
            if table.index(next) != nil {
                pending.removeLast()
                continue
            }
            let stored: StoredDerivation
            if let known = waiting[next] { stored = known } else { stored = try storedDerivation(next) }
            let missing = stored.inputs.map { $0.path }.filter { table.index($0) == nil }
            if missing.isEmpty {
                let before = table.byteCount
                _ = try table.insert(stored, path: next)
                countOutsideHeap(table.byteCount - before)
                waiting[next] = nil
                pending.removeLast()
                continue
            }
            waiting[next] = stored
            if let cycle = missing.first(where: { waiting[$0] != nil }) {
                throw StoreError("derivation '\(MessageText.shortened(cycle))' depends on itself")
            }
            pending += missing
        }
        guard let index = table.index(path) else { throw StoreError("path is not valid") }
        return index
    }

    private func storedDerivation(_ path: [UInt8]) throws(StoreError) -> StoredDerivation {
        let shown = MessageText.shortened(path)
        let text: [UInt8]
        do throws(EvalIOError) {
            text = try machine.io.readFile(path, limit: roomOutsideHeap / 5)
        } catch {
            throw StoreError(
                "path '\(shown)' is not valid: this evaluation did not make it, and it cannot be read from the store "
                    + "(\(error))")
        }
        guard charge(1 + text.count / 64), hasRoomOutsideHeap(4 * text.count) else {
            throw StoreError("derivation '\(shown)' cannot be read: a limit of the evaluation forbids it")
        }
        return try StoredDerivation(
            parsing: text, allowsDynamic: machine.settings.features.contains("dynamic-derivations"))
    }
}
