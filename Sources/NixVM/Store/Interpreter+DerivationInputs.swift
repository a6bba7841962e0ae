import NixStore

extension Interpreter {
    /// Adds the dependencies of a derivation whose strings have this context.
    ///
    /// - Parameters:
    ///   - context: the bits of the elements, without duplicates.
    ///   - assembly: the derivation.
    func addInputs(_ context: [UInt64], to assembly: inout DerivationAssembly) throws {
        let table = machine.store.derivations
        for (index, bits) in context.enumerated() {
            guard poll(at: index) else { throw DerivationReader.Failed() }
            let text = Value(bits: bits).object.byteBuffer
            let isOutput = text.first == UInt8(ascii: "!")
            if isOutput, let known = machine.store.elements.find(bits), known.record != ContextElementEntry.none {
                let name = UnsafeBufferPointer(rebasing: text[1..<1 + Int(known.outputLength)])
                assembly.addInput(Int(known.record), output: name, in: table)
            } else if !isOutput, text.first != UInt8(ascii: "=") {
                assembly.addSource(text)
            } else {
                try addInput(ContextElement(text), bits, to: &assembly)
            }
        }
    }

    /// Adds an element that is no plain path and of which nothing is known.
    private func addInput(
        _ element: ContextElement, _ bits: UInt64, to assembly: inout DerivationAssembly
    ) throws {
        let table = machine.store.derivations
        switch element {
        case .path(let path): path.withUnsafeBufferPointer { assembly.addSource($0) }
        case .output(let output, let derivation):
            if let chain = OutputChain(derivation) {
                assembly.addDynamicInput(try record(of: chain.root), path: chain.outputs + [output])
                return
            }
            let record = try self.record(of: derivation)
            noteOutput(element: bits, record: record, nameLength: output.count)
            output.withUnsafeBufferPointer { assembly.addInput(record, output: $0, in: table) }
        case .deep(let derivation):
            let (derivations, paths) = table.closure(try record(of: derivation))
            for path in withReferences(paths) { path.withUnsafeBufferPointer { assembly.addSource($0) } }
            for record in derivations {
                assembly.addSource(table.pathView(record))
                table.forEachOutput(record) { name, _ in
                    assembly.addInput(record, output: name, in: table)
                    return true
                }
            }
        }
    }

    /// Store paths together with everything they refer to, as far as that is known.
    private func withReferences(_ paths: Set<[UInt8]>) -> Set<[UInt8]> {
        var found = paths
        var pending = Array(paths)
        while let path = pending.popLast() {
            for reference in machine.io.object(path)?.references ?? [] where found.insert(reference).inserted {
                pending.append(reference)
            }
        }
        return found
    }
}
