/// How the store paths of a derivation's outputs are determined.
public enum OutputAddressing: Sendable, Equatable {
    /// By the derivation and everything it depends on (input-addressed).
    case inputs
    /// By the given hash of the only output (fixed-output).
    case fixed(Hash, ContentAddressMethod)
    /// By the contents that a build produces (content-addressed).
    case floating(HashAlgorithm, ContentAddressMethod)
    /// By the contents that a build produces, which is repeated each time (impure).
    case impure(HashAlgorithm, ContentAddressMethod)
}

/// A derivation under construction. The outputs are planned first; then the body is written, with values for the
/// outputs; then the derivation is finished and added to the table.
public struct DerivationAssembly {
    let name: [UInt8]
    let addressing: OutputAddressing
    /// The names of the outputs, sorted and distinct.
    public let outputs: [[UInt8]]
    let inputs: [DerivationTable.Input]
    let sources: [[UInt8]]
    private let system: [UInt8]
    private let requiredFeatures: [[UInt8]]
    /// Whether the paths of outputs depend on inputs that are not built yet.
    let isDeferred: Bool
    /// The environment variable of each output. Before `finish`, that of an input-addressed output only has the right
    /// length.
    public let outputValues: [[UInt8]]
    /// Polled; true stops the work.
    private let isStopped: () -> Bool

    /// The work was stopped.
    public struct Stopped: Error {}

    /// - Parameters:
    ///   - name: the name, which was checked.
    ///   - outputs: the names of the outputs, sorted and distinct.
    ///   - addressing: how the store paths of the outputs are determined.
    ///   - inputs: the input derivations, sorted by path and distinct.
    ///   - sources: the input sources, sorted and distinct.
    ///   - system: the system type, for the record.
    ///   - requiredFeatures: what `requiredSystemFeatures` says, for the record.
    ///   - table: the table with the inputs.
    ///   - isStopped: polled now and then; returning true stops with `Stopped`.
    /// - Throws: `StoreError` if the name of an output is invalid; `Stopped`.
    public init(
        name: [UInt8], outputs: [[UInt8]], _ addressing: OutputAddressing, inputs: [DerivationTable.Input],
        sources: [[UInt8]], system: [UInt8] = [], requiredFeatures: [[UInt8]] = [], in table: DerivationTable,
        isStopped: @escaping () -> Bool = { false }
    ) throws {
        self.isStopped = isStopped
        self.name = name
        self.outputs = outputs
        self.addressing = addressing
        self.inputs = inputs
        self.sources = sources
        self.system = system
        self.requiredFeatures = requiredFeatures
        isDeferred = addressing == .inputs && inputs.contains { table.isDeferred($0) }
        var values: [[UInt8]] = []
        for (index, output) in outputs.enumerated() {
            if index & 0xFF == 0xFF, isStopped() { throw Stopped() }
            switch addressing {
            case .inputs where isDeferred: values.append([])
            case .inputs:
                let outputName = StorePath.outputName(name, output)
                try StorePath.check(name: outputName)
                values.append([UInt8](repeating: UInt8(ascii: "0"), count: StorePath.prefixLength) + outputName)
            case .fixed(let hash, let method):
                values.append(try StorePath.fixed(name: StorePath.outputName(name, output), hash, method))
            case .floating, .impure: values.append(StorePath.placeholder(output: output))
            }
        }
        outputValues = values
    }

    /// Writes the environment variable of an output.
    public func writeOutput(_ index: Int, into body: inout DerivationBody) {
        body.outputVariable(outputs[index], outputValues[index], index: index)
    }

    /// Computes the store paths of the outputs and the derivation, and adds it to the table.
    ///
    /// - Parameters:
    ///   - body: the finished body.
    ///   - table: the table with the inputs.
    ///   - wantsText: whether the text is needed.
    /// - Returns: the index of the record, and the derivation's text; empty unless it is needed.
    /// - Throws: `StoreError` if a name is invalid; `Stopped`.
    public func finish(
        _ body: consuming DerivationBody, in table: DerivationTable, wantsText: Bool
    ) throws -> (record: Int, text: [UInt8]) {
        let hashedInputs = addressing == .inputs && !isDeferred ? Self.hashed(inputs, table) : nil
        var paths = outputValues
        if let hashedInputs {
            paths = try outputPaths(digest(hashedInputs, body, paths: nil))
            body.fill(paths)
        }
        var head = ATermWriter(capacity: 1024 + inputs.count * 96)
        head.start(isDynamic: inputs.contains { !$0.outputs.inner.isEmpty })
        writeOutputs(&head, paths: paths)
        writeInputs(&head, inputs.map { (table.records[$0.record].path, $0.outputs) })
        var stream = HashStream(.sha256)
        stream.update(head.bytes)
        guard body.hash(into: &stream, isMasked: false, isStopped: isStopped) else { throw Stopped() }
        let path = try StorePath.text(
            name: name + StorePath.derivationSuffix, sha256: stream.finish().bytes,
            references: Self.references(inputs, sources, table))
        let modulo: DerivationTable.Modulo =
            switch addressing {
            case .inputs: try hashedInputs.map { .hash(ModuloHash(try digest($0, body, paths: paths))) } ?? .deferred
            case .fixed(let hash, let method): .fixed(Self.moduloHash(hash, method, path: paths[0]))
            case .floating, .impure: .deferred
            }
        let record = table.insert(
            DerivationTable.Record(
                path: path,
                outputs: zip(outputs, paths).map { output, path in
                    DerivationTable.Output(name: output, path: hasKnownPaths ? path : nil)
                },
                inputs: inputs, sources: sources, modulo: modulo, system: system, requiredFeatures: requiredFeatures))
        return (record, wantsText ? head.bytes + body.bytes : [])
    }

    /// The paths of outputs whose addresses follow from the inputs.
    private func outputPaths(_ hash: [UInt8]) throws -> [[UInt8]] {
        var paths: [[UInt8]] = []
        for (index, output) in outputs.enumerated() {
            if index & 0xFF == 0xFF, isStopped() { throw Stopped() }
            paths.append(
                try StorePath.make(
                    type: Array("output:".utf8) + output, sha256: hash, name: StorePath.outputName(name, output)))
        }
        return paths
    }

    private var hasKnownPaths: Bool {
        switch addressing {
        case .inputs: !isDeferred
        case .fixed: true
        case .floating, .impure: false
        }
    }

    static func moduloHash(_ hash: Hash, _ method: ContentAddressMethod, path: [UInt8]) -> ModuloHash {
        let text =
            Array("fixed:out:\(method.prefix)\(hash.algorithm.rawValue):".utf8) + hash.text(.base16)
            + [UInt8(ascii: ":")] + path
        return ModuloHash(Hash(of: text, .sha256).bytes)
    }

    /// The sources and the paths of input derivations, merged in sorted order.
    static func references(
        _ inputs: [DerivationTable.Input], _ sources: [[UInt8]], _ table: DerivationTable
    ) -> [[UInt8]] {
        if sources.isEmpty { return inputs.map { table.records[$0.record].path } }
        var result: [[UInt8]] = []
        result.reserveCapacity(sources.count + inputs.count)
        var next = 0
        for input in inputs {
            let path = table.records[input.record].path
            while next < sources.count, sources[next].lexicographicallyPrecedes(path) {
                result.append(sources[next])
                next += 1
            }
            if next < sources.count, sources[next] == path { next += 1 }
            result.append(path)
        }
        return result + sources[next...]
    }

    /// The inputs with their modulo hashes instead of paths, sorted by hash. Inputs with equal hashes are merged.
    static func hashed(
        _ inputs: [DerivationTable.Input], _ table: DerivationTable
    ) -> [(key: [UInt8], outputs: [[UInt8]])] {
        var pairs: [(hash: ModuloHash, outputs: [[UInt8]])] = []
        pairs.reserveCapacity(inputs.count)
        for input in inputs {
            switch table.records[input.record].modulo {
            case .hash(let hash): pairs.append((hash, input.outputs.names))
            case .fixed(let hash): pairs.append((hash, [Array("out".utf8)]))
            case .deferred: break
            }
        }
        pairs.sort { $0.hash < $1.hash }
        var result: [(key: [UInt8], outputs: [[UInt8]])] = []
        result.reserveCapacity(pairs.count)
        for (index, pair) in pairs.enumerated() {
            if index > 0, pairs[index - 1].hash == pair.hash {
                let all = Set(result[result.count - 1].outputs).union(pair.outputs)
                result[result.count - 1].outputs = all.sorted { $0.lexicographicallyPrecedes($1) }
            } else {
                result.append((pair.hash.text, pair.outputs))
            }
        }
        return result
    }

    /// The hash of the derivation with modulo hashes instead of input paths.
    ///
    /// - Parameters:
    ///   - inputs: the inputs by modulo hash.
    ///   - body: the finished body.
    ///   - paths: the paths of the outputs; nil to mask them everywhere.
    private func digest(
        _ inputs: [(key: [UInt8], outputs: [[UInt8]])], _ body: borrowing DerivationBody, paths: [[UInt8]]?
    ) throws -> [UInt8] {
        var head = ATermWriter(capacity: 1024 + inputs.count * 96)
        head.start(isDynamic: false)
        writeOutputs(&head, paths: paths)
        writeInputs(&head, inputs.map { ($0.key, InputOutputs(names: $0.outputs)) })
        var stream = HashStream(.sha256)
        stream.update(head.bytes)
        guard body.hash(into: &stream, isMasked: paths == nil, isStopped: isStopped) else { throw Stopped() }
        return stream.finish().bytes
    }

    private func writeOutputs(_ writer: inout ATermWriter, paths: [[UInt8]]?) {
        let (algorithm, hash) = hashText()
        writer.raw("[")
        for (index, output) in outputs.enumerated() {
            if index > 0 { writer.raw(",") }
            writer.raw("(")
            writer.plain(output)
            writer.raw(",")
            writer.plain(hasKnownPaths ? paths?[index] ?? [] : [])
            writer.raw(",")
            writer.plain(algorithm)
            writer.raw(",")
            writer.plain(hash)
            writer.raw(")")
        }
        writer.raw("],")
    }

    private func hashText() -> (algorithm: [UInt8], hash: [UInt8]) {
        switch addressing {
        case .inputs: ([], [])
        case .fixed(let hash, let method):
            (Array("\(method.prefix)\(hash.algorithm.rawValue)".utf8), hash.text(.base16))
        case .floating(let algorithm, let method): (Array("\(method.prefix)\(algorithm.rawValue)".utf8), [])
        case .impure(let algorithm, let method):
            (Array("\(method.prefix)\(algorithm.rawValue)".utf8), Array("impure".utf8))
        }
    }

    private func writeInputs(_ writer: inout ATermWriter, _ inputs: [(key: [UInt8], outputs: InputOutputs)]) {
        writer.raw("[")
        for (index, input) in inputs.enumerated() {
            if index > 0 { writer.raw(",") }
            writer.raw("(")
            writer.plain(input.key)
            writer.raw(",")
            writer.outputs(input.outputs)
            writer.raw(")")
        }
        writer.raw("],")
    }
}
