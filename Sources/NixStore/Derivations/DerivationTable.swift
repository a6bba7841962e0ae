/// The derivations of one evaluation by store path, with what derivations that depend on them need.
public final class DerivationTable {
    /// The hash that represents a derivation in the hashes of input-addressed derivations that depend on it ("hash
    /// derivation modulo").
    public enum Modulo: Sendable, Equatable {
        case hash(ModuloHash)
        /// The hash of a fixed-output derivation, which only depends on the contents of its output.
        case fixed(ModuloHash)
        /// The hash is only known after a build.
        case deferred
    }

    /// An output and its store path.
    public struct Output: Sendable, Equatable {
        public var name: [UInt8]
        /// The store path; nil if it is only known after a build.
        public var path: [UInt8]?

        package init(name: [UInt8], path: [UInt8]?) {
            self.name = name
            self.path = path
        }
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

        package init(
            path: [UInt8], outputs: [Output], inputs: [Input], sources: [[UInt8]], modulo: Modulo, system: [UInt8] = [],
            requiredFeatures: [[UInt8]] = []
        ) {
            self.path = path
            self.outputs = outputs
            self.inputs = inputs
            self.sources = sources
            self.modulo = modulo
            self.system = system
            self.requiredFeatures = requiredFeatures
        }

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

    public private(set) var records: [Record] = []
    private var indices: [ByteKey: Int] = [:]
    /// For each record, the first 16 bytes of its path behind the store directory, as two big-endian numbers. They
    /// decide most comparisons.
    private var sortKeys: [(UInt64, UInt64)] = []
    /// An estimate of the bytes that the records take.
    public private(set) var byteCount = 0
    /// The records whose derivations this evaluation has written to a store.
    private var written: Set<Int> = []
    /// The system of the last record. Nearly all records have the same, and share it.
    private var lastSystem: [UInt8] = []

    public init() {}

    /// The index of the record of a store path; nil if it is not in the table.
    public func index(_ path: [UInt8]) -> Int? { indices[ByteKey(path)] }

    /// Adds a record. If there is one for its path already, that is kept.
    func insert(_ record: Record) -> Int {
        let key = ByteKey(record.path)
        if let known = indices[key] { return known }
        var record = record
        if record.system == lastSystem {
            record.system = lastSystem
        } else {
            lastSystem = record.system
            byteCount += Self.textBytes + record.system.count
        }
        byteCount += record.requiredFeatures.reduce(0) { $0 + Self.textBytes + $1.count }
        records.append(record)
        indices[key] = records.count - 1
        sortKeys.append(Self.sortKey(record.path))
        let outputs = record.outputs.reduce(0) { $0 + 96 + $1.name.count + ($1.path?.count ?? 0) }
        byteCount += 512 + 2 * record.path.count + outputs + record.inputs.count * 64 + record.sources.count * 16
        return records.count - 1
    }

    /// Adds a record of an earlier evaluation. Its inputs are records that were added before.
    package func restore(_ record: Record) { _ = insert(record) }

    private static func sortKey(_ path: [UInt8]) -> (UInt64, UInt64) {
        func word(_ start: Int) -> UInt64 {
            (start..<start + 8).reduce(0) { $0 << 8 | UInt64($1 < path.count ? path[$1] : 0) }
        }
        let start = StorePath.directory.count + 1
        return (word(start), word(start + 8))
    }

    /// The bytes of an array in an array, without its elements.
    private static let textBytes = 48

    /// Whether the path of record `a` sorts before that of record `b`.
    public func precedes(_ a: Int, _ b: Int) -> Bool {
        if sortKeys[a] != sortKeys[b] { return sortKeys[a] < sortKeys[b] }
        return records[a].path.lexicographicallyPrecedes(records[b].path)
    }

    /// Notes that a derivation is written to a store. The result is false if it was before.
    public func markWritten(_ index: Int) -> Bool {
        guard written.insert(index).inserted else { return false }
        byteCount += Self.writtenBytes
        return true
    }

    /// The bytes of an entry of a set of numbers, given that half of a table may be empty.
    private static let writtenBytes = 32

    /// The store paths that the text of a derivation refers to, sorted and distinct.
    public func references(_ index: Int) -> [[UInt8]] {
        let record = records[index]
        return DerivationAssembly.references(record.inputs, record.sources, self)
    }

    /// The transitive closure of a derivation: itself and all input derivations, and their sources.
    public func closure(_ index: Int) -> (derivations: [Int], sources: Set<[UInt8]>) {
        var found: Set<Int> = [index]
        var pending = [index]
        var sources: Set<[UInt8]> = []
        while let next = pending.popLast() {
            sources.formUnion(records[next].sources)
            for input in records[next].inputs where found.insert(input.record).inserted {
                pending.append(input.record)
            }
        }
        return (found.sorted(), sources)
    }
}
