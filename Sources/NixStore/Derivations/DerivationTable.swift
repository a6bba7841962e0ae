/// The derivations of one evaluation, by store path: what others need to know of them as inputs.
public final class DerivationTable {
    /// What stands for a derivation where it is an input of one whose outputs are addressed by their inputs.
    public enum Modulo: Sendable, Equatable {
        case hash(ModuloHash)
        /// Of a fixed output: it stands for the contents, whoever makes them.
        case fixed(ModuloHash)
        /// Outputs are known only once something is built.
        case deferred
    }

    /// An output and its store path.
    public struct Output: Sendable, Equatable {
        public var name: [UInt8]
        /// Nil when it is known only once something is built.
        public var path: [UInt8]?
    }

    /// A derivation that is an input, and which outputs of it are.
    public struct Input: Sendable, Equatable {
        /// Index of its record.
        public var record: Int
        public var outputs: InputOutputs

        public init(record: Int, outputs: InputOutputs) {
            self.record = record
            self.outputs = outputs
        }
    }

    /// What is known of a derivation.
    public struct Record: Sendable, Equatable {
        public var path: [UInt8]
        /// In the order of names.
        public var outputs: [Output]
        /// In the order of paths.
        public var inputs: [Input]
        public var sources: [[UInt8]]
        public var modulo: Modulo

        /// The output of a name; nil when there is none.
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
    /// For each record the beginning of its path that differs from others', as numbers in the order of bytes.
    private var beginnings: [(UInt64, UInt64)] = []
    /// Bytes that the records take, about.
    public private(set) var byteCount = 0

    public init() {}

    /// The record of a store path; nil when it is not in the table.
    public func index(_ path: [UInt8]) -> Int? { indices[ByteKey(path)] }

    /// Keeps a record; one that is already there for its path stays.
    func insert(_ record: Record) -> Int {
        let key = ByteKey(record.path)
        if let known = indices[key] { return known }
        records.append(record)
        indices[key] = records.count - 1
        beginnings.append(Self.beginning(record.path))
        let outputs = record.outputs.reduce(0) { $0 + 96 + $1.name.count + ($1.path?.count ?? 0) }
        byteCount += 512 + 2 * record.path.count + outputs + record.inputs.count * 64 + record.sources.count * 16
        return records.count - 1
    }

    private static func beginning(_ path: [UInt8]) -> (UInt64, UInt64) {
        func word(_ start: Int) -> UInt64 {
            (start..<start + 8).reduce(0) { $0 << 8 | UInt64($1 < path.count ? path[$1] : 0) }
        }
        let start = StorePath.directory.count + 1
        return (word(start), word(start + 8))
    }

    /// Whether one record's path comes before another's.
    public func precedes(_ a: Int, _ b: Int) -> Bool {
        if beginnings[a] != beginnings[b] { return beginnings[a] < beginnings[b] }
        return records[a].path.lexicographicallyPrecedes(records[b].path)
    }

    /// The store paths that a derivation's file reaches: itself, sources and input derivations, and theirs.
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
