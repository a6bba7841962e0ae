/// What a derivation in a file says, and its change.
extension StoredDerivation {
    /// The words of the variable `requiredSystemFeatures`. Structured attributes have none.
    var requiredFeatures: [[UInt8]] {
        guard let variable = environment.first(where: { $0.name == Array("requiredSystemFeatures".utf8) }) else {
            return []
        }
        return variable.value.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }.map { Array($0) }
    }

    /// Makes the derivation depend on others as well, and computes the paths of its outputs anew.
    ///
    /// - Parameters:
    ///   - added: for each derivation the output that is used, by the index of its record. It takes the place of the
    ///     outputs that were used before.
    ///   - name: the derivation's name, without `.drv`.
    ///   - table: the table with all its inputs, the added ones included.
    /// - Returns: false, with the inputs added, if its outputs have no paths that follow from its inputs.
    /// - Throws: an error if an input is not in the table, or a name is invalid.
    public mutating func add(
        inputs added: [(record: Int, output: [UInt8])], name: [UInt8], in table: DerivationTable
    ) throws(StoreError) -> Bool {
        for (record, output) in added {
            let path = table.path(record)
            inputs.removeAll { $0.path == path }
            inputs.append(Input(path: path, outputs: InputOutputs(names: [output])))
        }
        inputs.sort { $0.path.lexicographicallyPrecedes($1.path) }
        guard !outputs.contains(where: { $0.path.isEmpty || !$0.algorithm.isEmpty }) else { return false }
        let records = try table.inputs(of: self)
        guard !records.contains(where: table.isDeferred) else { return false }
        try setOutputPaths(name: name, table.hashed(records))
        return true
    }

    private mutating func setOutputPaths(
        name: [UInt8], _ hashed: [(key: [UInt8], outputs: [[UInt8]])]
    ) throws(StoreError) {
        var masked = self
        masked.inputs = hashed.map { Input(path: $0.key, outputs: InputOutputs(names: $0.outputs)) }
        masked.setPaths { _ in [] }
        let hash = Hash(of: masked.text, .sha256).bytes
        var paths: [[UInt8]: [UInt8]] = [:]
        for output in outputs {
            paths[output.name] = try StorePath.make(
                type: Array("output:".utf8) + output.name, sha256: hash,
                name: StorePath.outputName(name, output.name))
        }
        setPaths { paths[$0] ?? [] }
    }

    /// Sets the paths of all outputs, which the environment has, too.
    private mutating func setPaths(_ path: ([UInt8]) -> [UInt8]) {
        for index in outputs.indices {
            let name = outputs[index].name
            outputs[index].path = path(name)
            for variable in environment.indices where environment[variable].name == name {
                environment[variable].value = outputs[index].path
            }
        }
    }

    /// The store path of the derivation.
    ///
    /// - Parameter name: its name, without `.drv`.
    public func path(name: [UInt8]) throws(StoreError) -> [UInt8] {
        try StorePath.text(
            name: name + StorePath.derivationSuffix, sha256: Hash(of: text, .sha256).bytes, references: references)
    }

    /// The store paths that the text refers to, sorted and distinct.
    public var references: [[UInt8]] {
        Set(inputs.map(\.path) + sources).sorted { $0.lexicographicallyPrecedes($1) }
    }
}
