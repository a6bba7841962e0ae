import Crypto

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

/// A derivation under construction.
///
/// The order of calls is `addInput`, `addDynamicInput` and `addSource` in any order; `plan`, which determines the values of
/// the outputs; the text from the system on, which is `start`, `argument` for each argument, `startEnvironment`, `variable`
/// and `outputVariable` in the order of names, and `finishText`; and `finish`, which adds the derivation to the table.
///
/// Texts are kept in one buffer and referred to by their places, and the buffers serve one derivation after another
/// (`DerivationTable.assemble`), so that assembling a derivation allocates next to nothing.
public struct DerivationAssembly: ~Copyable {
    /// An output of an input derivation.
    struct Input: BitwiseCopyable {
        var order: DerivationRecords.PathOrder
        var record: Int
        /// The output's name in `texts`.
        var name: BufferRange
    }

    struct Output: BitwiseCopyable {
        /// The name in `texts`.
        var name: BufferRange
        /// The value of the environment variable in `texts`. Before `finish`, that of an input-addressed output only has
        /// the right length.
        var value: BufferRange
    }

    /// A place in the body where the value of an output is.
    struct OutputPlace: BitwiseCopyable {
        var output: Int
        var place: BufferRange
    }

    /// The work was stopped.
    public struct Stopped: Error {}

    /// Names and paths: of the derivation, its inputs' outputs, its sources and its outputs.
    var texts = TrivialBuffer<UInt8>()
    /// Sorted by path and name, and distinct, when planned.
    var inputs = TrivialBuffer<Input>()
    /// Outputs of outputs of inputs: the index of a record and the names from its output on. Few evaluations have any.
    var dynamicInputs: [(record: Int, path: [[UInt8]])] = []
    /// Sorted and distinct when planned.
    var sources = TrivialBuffer<BufferRange>()
    var outputs = TrivialBuffer<Output>()
    var name = BufferRange(start: 0, count: 0)
    var addressing = OutputAddressing.inputs
    /// Whether the paths of outputs depend on inputs that are not built yet.
    var isDeferred = false
    /// The text up to the inputs, and the text from the sources on. The latter is the same whether inputs are given by
    /// path or by hash.
    var head = ATermWriter(capacity: 0)
    var body = ATermWriter(capacity: 0)
    var outputPlaces = TrivialBuffer<OutputPlace>()
    var isFirst = true
    /// A text that is hashed.
    var fingerprint = TrivialBuffer<UInt8>()
    var contents = DerivationRecords.Contents()

    init() {}

    /// Bytes of each buffer that are kept for the next derivation.
    private static let keptBytes = 16 << 10

    /// Removes everything, and returns the bytes that are kept for the next derivation.
    mutating func reset() -> Int {
        texts.removeAll(keeping: Self.keptBytes)
        inputs.removeAll(keeping: Self.keptBytes)
        dynamicInputs = []
        sources.removeAll(keeping: Self.keptBytes)
        outputs.removeAll(keeping: Self.keptBytes)
        head.text.removeAll(keeping: Self.keptBytes)
        body.text.removeAll(keeping: Self.keptBytes)
        outputPlaces.removeAll(keeping: Self.keptBytes)
        fingerprint.removeAll(keeping: Self.keptBytes)
        contents.lists.removeAll(keeping: Self.keptBytes)
        isFirst = true
        return byteCount
    }

    /// The bytes that the buffers take.
    var byteCount: Int {
        texts.byteCount + inputs.byteCount + sources.byteCount + outputs.byteCount + head.text.byteCount
            + body.text.byteCount + outputPlaces.byteCount + fingerprint.byteCount + contents.lists.byteCount
    }

    private mutating func keep(_ text: UnsafeBufferPointer<UInt8>) -> BufferRange {
        let range = BufferRange(start: texts.count, count: text.count)
        unsafe texts.append(contentsOf: text)
        return range
    }

    /// Adds an output of an input derivation.
    public mutating func addInput(
        _ record: Int, output: UnsafeBufferPointer<UInt8>, in table: borrowing DerivationTable
    ) {
        unsafe inputs.append(Input(order: table.records[record].order, record: record, name: keep(output)))
    }

    /// Adds an output of an output of an input derivation.
    ///
    /// - Parameters:
    ///   - record: the index of the derivation's record.
    ///   - path: the names of its output, of the output of that, and so on: two at least.
    public mutating func addDynamicInput(_ record: Int, path: [[UInt8]]) { dynamicInputs.append((record, path)) }

    /// Adds an input source.
    public mutating func addSource(_ path: UnsafeBufferPointer<UInt8>) { unsafe sources.append(keep(path)) }

    /// Determines the values of the outputs.
    ///
    /// - Parameters:
    ///   - name: the name, which was checked.
    ///   - names: the names of the outputs, sorted and distinct.
    ///   - addressing: how the store paths of the outputs are determined.
    ///   - table: the table with the inputs.
    ///   - isStopped: polled now and then; returning true stops with `Stopped`.
    /// - Throws: `StoreError` if the name of an output is invalid; `Stopped`.
    public mutating func plan(
        name: UnsafeBufferPointer<UInt8>, outputs names: [UnsafeBufferPointer<UInt8>],
        _ addressing: OutputAddressing, in table: borrowing DerivationTable, isStopped: () -> Bool = { false }
    ) throws {
        unsafe self.name = keep(name)
        self.addressing = addressing
        sortInputs(table)
        sortSources()
        isDeferred =
            addressing == .inputs
            && (!dynamicInputs.isEmpty
                || (0..<inputs.count).contains { table.records[inputs[$0].record].moduloKind == .deferred })
        for index in unsafe names.indices {
            if index & 0xFF == 0xFF, isStopped() { throw Stopped() }
            let output = unsafe keep(names[index])
            outputs.append(Output(name: output, value: BufferRange(start: 0, count: 0)))
            outputs[index].value = try plannedValue(output)
        }
    }

    private mutating func sortInputs(_ table: borrowing DerivationTable) {
        if inputs.count < 2 { return }
        let texts = unsafe texts.view
        inputs.sort { a, b in
            if a.order != b.order { return a.order < b.order }
            if a.record != b.record { return table.records.precedes(a.record, b.record) }
            return unsafe texts[a.name].compared(to: texts[b.name]) < 0
        }
        var kept = 1
        for index in 1..<inputs.count {
            let (last, next) = (inputs[kept - 1], inputs[index])
            let isSame = unsafe last.record == next.record && texts[last.name].compared(to: texts[next.name]) == 0
            if isSame { continue }
            inputs[kept] = next
            kept += 1
        }
        inputs.truncate(to: kept)
    }

    private mutating func sortSources() {
        if sources.count < 2 { return }
        let texts = unsafe texts.view
        sources.sort { unsafe texts[$0].compared(to: texts[$1]) < 0 }
        var kept = 1
        for index in 1..<sources.count {
            if unsafe texts[sources[kept - 1]].compared(to: texts[sources[index]]) == 0 { continue }
            sources[kept] = sources[index]
            kept += 1
        }
        sources.truncate(to: kept)
    }

    /// The value of an output's environment variable, which is the text's place.
    private mutating func plannedValue(_ output: BufferRange) throws -> BufferRange {
        let start = texts.count
        switch addressing {
        case .inputs where isDeferred: break
        case .inputs:
            texts.append(repeating: UInt8(ascii: "0"), count: StorePath.prefixLength)
            appendOutputName(output)
            let nameStart = start + StorePath.prefixLength
            try unsafe StorePath.check(
                name: texts.view[BufferRange(start: nameStart, count: texts.count - nameStart)])
        case .fixed(let hash, let method):
            appendOutputName(output)
            let nameText = unsafe Array(texts.view[start...])
            texts.truncate(to: start)
            texts.append(contentsOf: try StorePath.fixed(name: nameText, hash, method))
        case .floating, .impure:
            texts.append(contentsOf: unsafe StorePath.placeholder(output: Array(texts.view[output])))
        }
        return BufferRange(start: start, count: texts.count - start)
    }

    /// Appends the name that an output has in the store to `texts`: that of the derivation, and the output's own unless
    /// it is `out`.
    private mutating func appendOutputName(_ output: BufferRange) {
        appendText(name)
        if isOut(output) { return }
        texts.append(UInt8(ascii: "-"))
        appendText(output)
    }

    func isOut(_ output: BufferRange) -> Bool {
        output.count == 3 && texts[output.start] == UInt8(ascii: "o") && texts[output.start + 1] == UInt8(ascii: "u")
            && texts[output.start + 2] == UInt8(ascii: "t")
    }

    /// Appends a part of `texts` to itself.
    mutating func appendText(_ range: BufferRange) {
        texts.reserve(range.count)
        unsafe texts.append(contentsOf: texts.view[range])
    }
}
