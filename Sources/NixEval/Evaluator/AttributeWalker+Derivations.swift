import NixStore
import NixVM

/// What a walk says of derivations that the evaluation has made, beyond their attributes.
extension AttributeWalker {
    /// The input derivations of a derivation, each with the names of the outputs that are used, in JSON.
    func inputDerivations(_ record: DerivationTable.Record) throws(EvalFailure) -> [UInt8] {
        try prepare(forInputs: record.inputs)
        var object = LineObject()
        for (index, input) in record.inputs.enumerated() {
            try poll(index)
            let path = evaluator.machine.derivations.path(input.record)
            object.add(path, value: LineObject.list(texts: input.outputs.names))
        }
        return object.bytes
    }

    /// What it takes to make an aggregate anew with more inputs: the text of its file in Base64, and its inputs.
    ///
    /// An evaluation keeps no texts of derivations, so this one is made a second time.
    ///
    /// - Parameters:
    ///   - value: the derivation, with the attributes that it was made from in `drvAttrs`.
    ///   - record: the derivation's record.
    func aggregate(_ value: ValueHandle, _ record: DerivationTable.Record) throws(EvalFailure) -> LineObject {
        let machine = evaluator.machine
        var text: [UInt8]?
        if let attributes = machine.attribute(value, Array("drvAttrs".utf8)) {
            let writer = machine.derivationWriter
            machine.derivationWriter = { path, made in
                if path == record.path { text = made }
                writer?(path, made)
            }
            defer { machine.derivationWriter = writer }
            _ = try evaluator.call(builtin: "derivationStrict", [evaluator.force(attributes)])
        }
        guard let text else {
            throw EvalFailure(
                kind: .value,
                message: Array(
                    "the aggregate cannot be rewritten, because its 'drvAttrs' are not what it was made from".utf8))
        }
        try prepare(forInputs: record.inputs)
        var inputs = LineObject()
        for (index, input) in record.inputs.enumerated() {
            try poll(index)
            let (path, modulo) = (machine.derivations.path(input.record), machine.derivations.modulo(input.record))
            inputs.add(path, value: Array("\"\(modulo.text)\"".utf8))
        }
        var object = LineObject()
        object.add("text", text: Base64.encode(text))
        object.add("inputs", value: inputs.bytes)
        return object
    }

    /// Charges for describing inputs, of which a derivation may have very many, and sees whether there is room for the
    /// text.
    private func prepare(forInputs inputs: [DerivationTable.Input]) throws(EvalFailure) {
        let outputs = inputs.reduce(0) { $0 + $1.outputs.names.count }
        try evaluator.machine.charge(1 + inputs.count * Self.unitsOfInput + outputs)
        guard inputs.count * Self.bytesOfInput + outputs * Self.bytesOfOutput <= evaluator.machine.roomOutsideHeap
        else {
            throw evaluator.machine.memoryFailure
        }
    }

    /// The fuel for an input's path, which is copied a few times.
    private static let unitsOfInput = 8
    /// The most bytes of an input's path with its copies, and of an output's name.
    private static let bytesOfInput = 2_048
    private static let bytesOfOutput = 1_024

    private func poll(_ index: Int) throws(EvalFailure) {
        if index & 0xFF == 0xFF, let failure = evaluator.machine.stop.failure { throw failure }
    }
}

extension DerivationTable.Record {
    /// The features that a builder's machine must have, sorted and distinct.
    var allRequiredFeatures: [[UInt8]] {
        let isContentAddressed = outputs.contains { $0.path == nil }
        let all = requiredFeatures + (isContentAddressed ? [Array("ca-derivations".utf8)] : [])
        return Set(all).sorted { $0.lexicographicallyPrecedes($1) }
    }
}

extension DerivationTable.Modulo {
    /// The hash in base 16, or `fixed:` and the hash, or `deferred`.
    package var text: String {
        switch self {
        case .hash(let hash): String(decoding: hash.text, as: UTF8.self)
        case .fixed(let hash): "fixed:" + String(decoding: hash.text, as: UTF8.self)
        case .deferred: "deferred"
        }
    }
}
