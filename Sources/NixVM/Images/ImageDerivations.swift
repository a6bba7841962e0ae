import NixStore

/// The derivations of an image.
enum ImageDerivations {
    static func encoded(_ table: DerivationTable) throws(ImageError) -> [UInt8] {
        guard !table.records.contains(where: { $0.inputs.contains { !$0.outputs.inner.isEmpty } }) else {
            throw .unsupported("a derivation depends on one that is an output of another")
        }
        var encoder = ImageEncoder()
        encoder.add(table.records) { $0.add($1) }
        return encoder.bytes
    }

    /// The table with the derivations that `encoded` wrote.
    static func table(_ bytes: [UInt8]) throws(ImageError) -> DerivationTable {
        let table = DerivationTable()
        let records = try bytes.withUnsafeBufferPointer { (bytes) throws(ImageError) in
            var decoder = ImageDecoder(UnsafeRawBufferPointer(bytes))
            return try decoder.list { (decoder) throws(ImageError) in try decoder.derivation() }
        }
        for record in records { table.restore(record) }
        return table
    }
}

extension ImageEncoder {
    fileprivate mutating func add(_ record: DerivationTable.Record) {
        add(record.path)
        add(record.outputs) {
            $0.add($1.name)
            $0.add($1.path) { $0.add($1) }
        }
        add(record.inputs) {
            $0.add($1.record)
            $0.add($1.outputs.names)
        }
        add(record.sources)
        switch record.modulo {
        case .hash(let hash):
            add(0)
            add(hash.bytes)
        case .fixed(let hash):
            add(1)
            add(hash.bytes)
        case .deferred: add(2)
        }
        add(record.system)
        add(record.requiredFeatures)
    }
}

extension ImageDecoder {
    fileprivate mutating func derivation() throws(ImageError) -> DerivationTable.Record {
        let path = try text()
        let outputs = try list { (decoder) throws(ImageError) in
            DerivationTable.Output(
                name: try decoder.text(),
                path: try decoder.optional { (decoder) throws(ImageError) in try decoder.text() })
        }
        let inputs = try list { (decoder) throws(ImageError) in
            DerivationTable.Input(record: try decoder.count(), outputs: InputOutputs(names: try decoder.texts()))
        }
        let sources = try texts()
        let modulo: DerivationTable.Modulo
        switch try count() {
        case 0: modulo = .hash(ModuloHash(try text()))
        case 1: modulo = .fixed(ModuloHash(try text()))
        default: modulo = .deferred
        }
        return DerivationTable.Record(
            path: path, outputs: outputs, inputs: inputs, sources: sources, modulo: modulo, system: try text(),
            requiredFeatures: try texts())
    }
}
