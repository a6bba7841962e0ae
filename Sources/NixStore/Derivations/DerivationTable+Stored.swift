extension DerivationTable {
    /// Adds a derivation that was read from a file. Its inputs must be in the table.
    ///
    /// - Returns: the index of the record.
    /// - Throws: an error if an input is not in the table.
    public func insert(_ stored: StoredDerivation, path: [UInt8]) throws(StoreError) -> Int {
        let inputs = try inputs(of: stored)
        let outputs = stored.outputs.map { Output(name: $0.name, path: $0.path.isEmpty ? nil : $0.path) }
        return insert(
            Record(
                path: path, outputs: outputs, inputs: inputs, sources: stored.sources,
                modulo: modulo(stored, inputs), system: stored.system,
                requiredFeatures: stored.requiredFeatures))
    }

    /// Adds a derivation of which only this is known: as much as it takes to compute what depends on it.
    ///
    /// - Returns: the index of the record, or of the one that is there.
    public func insert(path: [UInt8], outputs: [Output], modulo: Modulo) -> Int {
        insert(Record(path: path, outputs: outputs, inputs: [], sources: [], modulo: modulo))
    }

    /// The inputs of a derivation with their records.
    ///
    /// - Throws: an error if an input is not in the table.
    func inputs(of stored: StoredDerivation) throws(StoreError) -> [Input] {
        var inputs: [Input] = []
        for input in stored.inputs {
            guard let record = index(input.path) else { throw StoreError("path '", input.path, "' is not valid") }
            inputs.append(Input(record: record, outputs: input.outputs))
        }
        return inputs
    }

    /// Whether the modulo hash of an input is only known after a build.
    func isDeferred(_ input: Input) -> Bool {
        !input.outputs.inner.isEmpty || modulo(input.record) == .deferred
    }

    private func modulo(_ stored: StoredDerivation, _ inputs: [Input]) -> Modulo {
        if stored.outputs.contains(where: { $0.path.isEmpty }) { return .deferred }
        if let output = stored.outputs.first, stored.outputs.count == 1, !output.hash.isEmpty {
            let colon = [UInt8(ascii: ":")]
            let text = Array("fixed:out:".utf8) + output.algorithm + colon + output.hash + colon + output.path
            return .fixed(SHA256Sum(Hash(of: text, .sha256).bytes))
        }
        if inputs.contains(where: isDeferred) { return .deferred }
        var hashed = stored
        hashed.inputs = self.hashed(inputs).map {
            StoredDerivation.Input(path: $0.key, outputs: InputOutputs(names: $0.outputs))
        }
        return .hash(SHA256Sum(Hash(of: hashed.text, .sha256).bytes))
    }

    /// The inputs with their modulo hashes instead of paths, sorted by hash. Inputs with equal hashes are merged.
    func hashed(_ inputs: [Input]) -> [(key: [UInt8], outputs: [[UInt8]])] {
        var outputs: [SHA256Sum: Set<[UInt8]>] = [:]
        for input in inputs {
            switch modulo(input.record) {
            case .hash(let hash): outputs[hash, default: []].formUnion(input.outputs.names)
            case .fixed(let hash): outputs[hash, default: []].insert(Array("out".utf8))
            case .deferred: break
            }
        }
        return outputs.sorted { $0.key < $1.key }.map { hash, names in
            (hash.text, names.sorted { $0.lexicographicallyPrecedes($1) })
        }
    }
}
