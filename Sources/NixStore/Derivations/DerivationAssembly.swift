/// How the outputs of a derivation get their paths.
public enum OutputAddressing: Sendable, Equatable {
    /// From the derivation itself and all it depends on.
    case inputs
    /// From the hash that its one output will have.
    case fixed(Hash, ContentAddressMethod)
    /// From what a build makes.
    case floating(HashAlgorithm, ContentAddressMethod)
    /// From what a build makes, anew each time.
    case impure(HashAlgorithm, ContentAddressMethod)
}

/// A derivation on its way to the table: first its outputs are planned, then the body is written with what stands for
/// them, then it is finished.
public struct DerivationAssembly {
    let name: [UInt8]
    let addressing: OutputAddressing
    /// In order, each once.
    public let outputs: [[UInt8]]
    let inputs: [DerivationTable.Input]
    let sources: [[UInt8]]
    /// Whether outputs addressed by inputs must wait until inputs are built.
    let isDeferred: Bool
    /// What the environment says of each output. Of one addressed by inputs only the length is right so far.
    public let outputValues: [[UInt8]]
    /// Whether the work is to end now, in vain.
    private let isStopped: () -> Bool

    /// What is thrown when the work was stopped.
    public struct Stopped: Error {}

    /// - Parameters:
    ///   - name: checked.
    ///   - outputs: in the order of their names, each once.
    ///   - inputs: in the order of their paths, each once.
    ///   - sources: in order, each once.
    ///   - isStopped: asked now and then whether the work is to end, with `Stopped`.
    /// - Throws: `StoreError` when a name is invalid, `Stopped`.
    public init(
        name: [UInt8], outputs: [[UInt8]], _ addressing: OutputAddressing, inputs: [DerivationTable.Input],
        sources: [[UInt8]], in table: DerivationTable, isStopped: @escaping () -> Bool = { false }
    ) throws {
        self.isStopped = isStopped
        self.name = name
        self.outputs = outputs
        self.addressing = addressing
        self.inputs = inputs
        self.sources = sources
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

    /// Writes the variable of an output.
    public func writeOutput(_ index: Int, into body: inout DerivationBody) {
        body.outputVariable(outputs[index], outputValues[index], index: index)
    }

    /// Computes the paths of outputs and derivation, and enters it into the table.
    ///
    /// - Returns: the record's index and the derivation's text.
    /// - Throws: `StoreError` when a name is invalid, `Stopped`.
    public func finish(
        _ body: consuming DerivationBody, in table: DerivationTable, wantsText: Bool
    ) throws -> (record: Int, text: [UInt8]) {
        let hashedInputs = addressing == .inputs && !isDeferred ? Self.hashed(inputs, table) : nil
        var paths = outputValues
        if let hashedInputs {
            let hash = try digest(hashedInputs, body, paths: nil)
            for (index, output) in outputs.enumerated() {
                if index & 0xFF == 0xFF, isStopped() { throw Stopped() }
                paths[index] = try StorePath.make(
                    type: Array("output:".utf8) + output, sha256: hash, name: StorePath.outputName(name, output))
            }
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
            references: references(table))
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
                inputs: inputs, sources: sources, modulo: modulo))
        return (record, wantsText ? head.bytes + body.bytes : [])
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

    /// Sources and input derivations, in one order.
    private func references(_ table: DerivationTable) -> [[UInt8]] {
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

    /// The inputs with what stands for them in place of their paths, in that order; those that are equal become one.
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

    /// The hash of the derivation with hashes for inputs.
    ///
    /// - Parameter paths: of the outputs; nil to leave them out everywhere.
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
