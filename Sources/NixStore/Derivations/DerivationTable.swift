/// The derivations of one evaluation by store path, with what derivations that depend on them need.
public final class DerivationTable {
    /// The hash that represents a derivation in the hashes of input-addressed derivations that depend on it ("hash
    /// derivation modulo").
    public enum Modulo: Sendable, Equatable {
        case hash(SHA256Sum)
        /// The hash of a fixed-output derivation, which only depends on the contents of its output.
        case fixed(SHA256Sum)
        /// The hash is only known after a build.
        case deferred
    }

    /// An output and its store path.
    public struct Output: Sendable, Equatable {
        public var name: [UInt8]
        /// The store path; nil if it is only known after a build.
        public var path: [UInt8]?
    }

    /// An input derivation, and the outputs of it that are used.
    public struct Input: Sendable, Equatable {
        /// The index of its record.
        public var record: Int
        public var outputs: InputOutputs

        public init(record: Int, outputs: InputOutputs) {
            self.record = record
            self.outputs = outputs
        }
    }

    /// The properties of a derivation.
    public struct Record: Sendable, Equatable {
        public var path: [UInt8]
        /// The outputs, sorted by name.
        public var outputs: [Output]
        /// The input derivations, sorted by path.
        public var inputs: [Input]
        public var sources: [[UInt8]]
        public var modulo: Modulo
        public var system: [UInt8] = []
        /// What the builder's machine must have, as `requiredSystemFeatures` says, in the order there.
        public var requiredFeatures: [[UInt8]] = []

        /// The output with a name; nil if there is none.
        public func output(_ name: some Collection<UInt8>) -> Output? {
            var known = outputs[...]
            while !known.isEmpty {
                let middle = known.startIndex + known.count / 2
                if outputs[middle].name.elementsEqual(name) { return outputs[middle] }
                let isBefore = outputs[middle].name.lexicographicallyPrecedes(name)
                known = isBefore ? known[(middle + 1)...] : known[..<middle]
            }
            return nil
        }
    }

    var records = DerivationRecords()
    /// The buffers of the last assembly, for the next one.
    private var idle: DerivationAssembly?

    public init() {}

    /// The table that an earlier one was stored as.
    ///
    /// - Parameters:
    ///   - stored: the bytes of `storedEntries`.
    ///   - texts: the bytes of `storedTexts`.
    /// - Returns: nil if they do not belong together.
    package init?(stored: UnsafeRawBufferPointer, texts: UnsafeRawBufferPointer) {
        guard unsafe records.restore(stored, texts) else { return nil }
    }

    /// The records as plain bytes, which are the same for equal tables. What was written to a store is not kept.
    package var storedEntries: [UInt8] { records.storedEntries }
    /// The texts of the records.
    package var storedTexts: [UInt8] { records.storedTexts }

    /// The number of records.
    public var count: Int { records.count }

    /// The bytes of the buffers that are kept for the next assembly.
    private var idleBytes = 0

    /// The bytes that the records take, and the buffers for assembling them.
    public var byteCount: Int { records.byteCount + idleBytes }

    /// The most bytes that are taken while a record with texts of `textBytes` bytes is added.
    public func growth(textBytes: Int) -> Int { records.growth(textBytes: textBytes) }

    /// The index of the record of a store path; nil if it is not in the table.
    public func index(_ path: [UInt8]) -> Int? {
        unsafe path.withUnsafeBufferPointer { unsafe records.find($0) }
    }

    /// The store path of a derivation.
    public func path(_ index: Int) -> [UInt8] {
        unsafe Array(records.textView[records.path(index)])
    }

    /// The hash that represents a derivation.
    public func modulo(_ index: Int) -> Modulo {
        let entry = records[index]
        return switch entry.moduloKind {
        case .hash: .hash(entry.modulo)
        case .fixed: .fixed(entry.modulo)
        case .deferred: .deferred
        }
    }

    /// A copy of a record.
    public func record(_ index: Int) -> Record {
        let entry = records[index]
        var reader = RecordReader(entry)
        let texts = unsafe records.textView
        let outputs = (0..<entry.outputCount).map { _ in
            let (name, path) = unsafe reader.output(texts)
            return unsafe Output(name: Array(texts[name]), path: path.map { unsafe Array(texts[$0]) })
        }
        let inputs = (0..<entry.inputCount).map { _ in
            unsafe Input(record: reader.number(texts), outputs: reader.outputs(texts))
        }
        let sources = (0..<entry.sourceCount).map { _ in unsafe reader.text(texts) }
        let features = (0..<entry.featureCount).map { _ in unsafe reader.text(texts) }
        return unsafe Record(
            path: Array(texts[records.path(index)]), outputs: outputs, inputs: inputs, sources: sources,
            modulo: modulo(index), system: Array(texts[entry.system]), requiredFeatures: features)
    }

    /// The path of a derivation, which is valid until one is added.
    @unsafe
    public func pathView(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        unsafe records.textView[records.path(index)]
    }

    /// Calls `body` with the name of each output in order, and its path if that is known, until it returns false. The
    /// texts are valid until `body` returns, and it must not add derivations.
    public func forEachOutput(
        _ index: Int, _ body: (_ name: UnsafeBufferPointer<UInt8>, _ path: UnsafeBufferPointer<UInt8>?) -> Bool
    ) {
        let entry = records[index]
        var reader = RecordReader(entry)
        let texts = unsafe records.textView
        for _ in 0..<entry.outputCount {
            let (name, path) = unsafe reader.output(texts)
            guard unsafe body(texts[name], path.map { unsafe texts[$0] }) else { return }
        }
    }

    /// The number of a derivation's outputs, and the bytes of their names.
    public func outputSizes(_ index: Int) -> (count: Int, nameBytes: Int) {
        var bytes = 0
        unsafe forEachOutput(index) { name, _ in
            bytes += name.count
            return true
        }
        return (Int(records[index].outputCount), bytes)
    }

    /// Adds a record. If there is one for its path already, that is kept.
    func insert(_ record: Record) -> Int {
        var contents = DerivationRecords.Contents()
        for output in record.outputs {
            contents.lists.append(counted: output.name)
            contents.lists.append(number: output.path == nil ? 0 : 1)
            if let path = output.path { contents.lists.append(counted: path) }
        }
        for input in record.inputs {
            contents.lists.append(number: input.record)
            contents.lists.append(input.outputs)
        }
        for text in record.sources + record.requiredFeatures { contents.lists.append(counted: text) }
        contents.outputCount = record.outputs.count
        contents.inputCount = record.inputs.count
        contents.sourceCount = record.sources.count
        contents.featureCount = record.requiredFeatures.count
        switch record.modulo {
        case .hash(let hash): (contents.moduloKind, contents.modulo) = (.hash, hash)
        case .fixed(let hash): (contents.moduloKind, contents.modulo) = (.fixed, hash)
        case .deferred: break
        }
        return unsafe record.path.withUnsafeBufferPointer { path in
            unsafe record.system.withUnsafeBufferPointer { unsafe records.insert(path: path, contents, system: $0) }
        }
    }

    /// Whether the path of record `a` sorts before that of record `b`.
    public func precedes(_ a: Int, _ b: Int) -> Bool { records.precedes(a, b) }

    /// Notes that a derivation is written to a store. The result is false if it was before.
    public func markWritten(_ index: Int) -> Bool {
        if records[index].isWritten { return false }
        records.markWritten(index)
        return true
    }

    /// The transitive closure of a derivation: itself and all input derivations, and their sources.
    public func closure(_ index: Int) -> (derivations: [Int], sources: Set<[UInt8]>) {
        var found: Set<Int> = [index]
        var pending = [index]
        var sources: Set<[UInt8]> = []
        while let next = pending.popLast() {
            let record = record(next)
            sources.formUnion(record.sources)
            for input in record.inputs where found.insert(input.record).inserted { pending.append(input.record) }
        }
        return (found.sorted(), sources)
    }

    /// Calls `body` with an assembly for one derivation, which uses the buffers of the ones before.
    public func assemble<Result>(_ body: (inout DerivationAssembly) throws -> Result) rethrows -> Result {
        var assembly = idle.take() ?? DerivationAssembly()
        do {
            let result = try body(&assembly)
            idleBytes = assembly.reset()
            idle = consume assembly
            return result
        } catch {
            idleBytes = assembly.reset()
            idle = consume assembly
            throw error
        }
    }
}
