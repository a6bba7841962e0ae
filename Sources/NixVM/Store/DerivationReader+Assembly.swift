import NixStore

extension DerivationReader {
    /// Adds the derivation to the table. The result is the index of its record.
    func add(_ parts: Parts) throws -> Int {
        let table = interpreter.machine.store.derivations
        let before = table.byteCount
        defer { interpreter.countOutsideHeap(table.byteCount - before) }
        return try table.assemble { assembly in try add(parts, &assembly, table) }
    }

    private func add(_ parts: Parts, _ assembly: inout DerivationAssembly, _ table: DerivationTable) throws -> Int {
        let machine = interpreter.machine
        try interpreter.addInputs(parts.context, to: &assembly)
        if parts.hash?.isEmpty == true, case .fixed(let hash, _) = parts.addressing {
            interpreter.warnOfAssumedHash(hash)
        }
        let stop = machine.stop
        let isStopped = { stop.cause != nil }
        try plan(parts, &assembly, isStopped)
        assembly.start(
            system: parts.system, builder: parts.builder, capacity: parts.size + parts.size / 8 + 512)
        for (index, argument) in parts.arguments.enumerated() {
            guard interpreter.poll(at: index) else { throw Failed() }
            assembly.argument(argument)
        }
        assembly.startEnvironment()
        writeVariables(parts, &assembly)
        assembly.finishText()
        guard interpreter.hasRoomOutsideHeap(assembly.recordGrowth(in: table)) || interpreter.failMemory() else {
            throw Failed()
        }
        let record = try assembly.finish(
            system: parts.system, requiredFeatures: parts.requiredFeatures, in: table, isStopped: isStopped)
        if machine.writesDerivations {
            let text = assembly.text
            machine.derivationWriter?(table.path(record), text)
            guard interpreter.write(derivation: record, text) else { throw Failed() }
        }
        return record
    }

    private func plan(_ parts: Parts, _ assembly: inout DerivationAssembly, _ isStopped: () -> Bool) throws {
        let table = interpreter.machine.store.derivations
        if !parts.outputs.isEmpty {
            return try assembly.plan(
                name: parts.name, outputs: parts.outputs, parts.addressing, in: table, isStopped: isStopped)
        }
        let out: StaticString = "out"
        try assembly.plan(
            name: parts.name,
            outputs: [UnsafeBufferPointer(start: out.utf8Start, count: out.utf8CodeUnitCount)], parts.addressing,
            in: table, isStopped: isStopped)
    }

    /// Writes all variables in the order of names. An output replaces an attribute of the same name.
    private func writeVariables(_ parts: Parts, _ assembly: inout DerivationAssembly) {
        guard isStructured else { return writeVariables(parts.variables, &assembly) }
        let name: StaticString = "__json"
        (parts.json ?? []).withUnsafeBufferPointer { json in
            let start = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
            writeVariables([(start, json)], &assembly)
        }
    }

    private func writeVariables(
        _ variables: [(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>)],
        _ assembly: inout DerivationAssembly
    ) {
        var next = 0
        for index in 0..<assembly.outputCount {
            while next < variables.count {
                let order = assembly.compare(variables[next].name, toOutput: index)
                if order > 0 { break }
                if order < 0 { assembly.variable(variables[next].name, variables[next].value) }
                next += 1
            }
            assembly.outputVariable(index)
        }
        for variable in variables[next...] { assembly.variable(variable.name, variable.value) }
    }
}
