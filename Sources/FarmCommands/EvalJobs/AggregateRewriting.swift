import FoundationEssentials
import NixStore

/// Collects the jobs of a run, and makes its aggregates depend on what they consist of when all jobs are known.
struct AggregateRewriting {
    /// An aggregate whose constituents are known.
    struct Rewritten {
        /// The object to print.
        var line: JSONValue
        /// The derivation that takes the place of the one that was evaluated; nil if that is kept.
        var derivation: StoreAddition?
    }

    /// A derivation as far as others depend on it.
    private struct Known {
        var path: [UInt8]
        var modulo: DerivationTable.Modulo
        var output: [UInt8]
    }

    private struct Fields: Decodable {
        var error: String?
        var drvPath: String?
        var namedConstituents: [String]?
        var globConstituents: Bool?
    }

    private var jobs: [String: AggregateJobs.Job] = [:]
    private var known: [String: Known] = [:]
    /// The lines that wait for the other jobs.
    private var held: [String: WalkLine] = [:]

    /// Takes the line of a derivation or an error.
    ///
    /// - Returns: whether the line is held, because it is that of an aggregate which names other jobs.
    /// - Throws: a decoding error if the line is not one of a walk.
    mutating func take(_ line: WalkLine) throws -> Bool {
        let fields = try JSONDecoder().decode(Fields.self, from: Data(line.text.utf8))
        let name = line.attribute
        let names = fields.namedConstituents ?? []
        jobs[name] = AggregateJobs.Job(
            error: fields.error, names: names, areGlobs: fields.globConstituents ?? false)
        if let path = fields.drvPath, let modulo = line.details.modulo.flatMap(DerivationTable.Modulo.init) {
            known[name] = Known(
                path: Array(path.utf8), modulo: modulo, output: Array((line.details.output ?? "out").utf8))
        }
        if names.isEmpty { return false }
        held[name] = line
        return true
    }

    /// Rewrites the aggregates.
    ///
    /// - Parameter report: receives what is wrong with them, a line each.
    /// - Returns: the objects of the aggregates, each behind those that it consists of.
    /// - Throws: a decoding error if a line is not one of a walk.
    mutating func finish(_ report: (String) -> Void) throws -> [Rewritten] {
        switch AggregateJobs(jobs).resolved() {
        case .ordered(let aggregates):
            return try aggregates.map { aggregate in
                for broken in aggregate.broken {
                    report("aggregate job '\(aggregate.name)' references '\(broken.name)': \(broken.reason)")
                }
                return try rewrite(aggregate)
            }
        case .cycle(let first, let second, let others):
            report("found a dependency cycle between the jobs '\(first)' and '\(second)'")
            let message = "Dependency cycle: \(first) <-> \(second)"
            let failed = [(first, message), (second, message)]
            let skipped = others.map { ($0, "Skipping aggregate because of a dependency cycle") }
            return try (failed + skipped).map { name, error in
                var line = try held[name]?.members() ?? .null
                line["error"] = .string(error)
                return Rewritten(line: line)
            }
        }
    }

    private mutating func rewrite(_ aggregate: AggregateJobs.Aggregate) throws -> Rewritten {
        var result = Rewritten(line: try held[aggregate.name]?.members() ?? .null)
        if aggregate.broken.isEmpty {
            do throws(StoreError) {
                try addConstituents(aggregate, to: &result)
            } catch {
                result.line["error"] = .string(String(decoding: error.message, as: UTF8.self))
            }
        } else {
            let lines = aggregate.broken.map { "\($0.name): \($0.reason)\n" }
            result.line["error"] = .string(lines.joined())
        }
        result.line["namedConstituents"] = nil
        return result
    }

    private mutating func addConstituents(
        _ aggregate: AggregateJobs.Aggregate, to result: inout Rewritten
    ) throws(StoreError) {
        guard let own = known[aggregate.name], StorePath.isStorePath(own.path),
            let parts = held[aggregate.name]?.details.aggregate,
            let text = try? Base64.decode(Array(parts.text.utf8))
        else { throw StoreError("the aggregate is no derivation that this evaluation made, so it cannot be rewritten") }
        let name = Array(StorePath.name(own.path).dropLast(StorePath.derivationSuffix.count))
        let table = DerivationTable()
        for (path, hash) in parts.inputs {
            guard let modulo = DerivationTable.Modulo(hash) else { throw StoreError("'\(hash)' is no hash") }
            _ = table.insert(path: Array(path.utf8), outputs: [], modulo: modulo)
        }
        var added: [(record: Int, output: [UInt8])] = []
        var paths = result.line["constituents"]?.strings ?? []
        for constituent in aggregate.constituents {
            guard let other = known[constituent] else {
                throw StoreError("the job '\(constituent)' is no derivation that this evaluation made")
            }
            paths.append(String(decoding: other.path, as: UTF8.self))
            added.append((table.insert(path: other.path, outputs: [], modulo: other.modulo), other.output))
        }
        result.line["constituents"] = .array(paths.map { .string($0) })
        var derivation = try StoredDerivation(parsing: text)
        guard try derivation.add(inputs: added, name: name, in: table) else { return }
        let path = try derivation.path(name: name)
        let record = try table.insert(derivation, path: path)
        known[aggregate.name] = Known(path: path, modulo: table.modulo(record), output: own.output)
        result.line["drvPath"] = .bytes(path)
        result.line["outputs"] = .object(
            derivation.outputs.map { (String(decoding: $0.name, as: UTF8.self), .bytes($0.path)) })
        result.derivation = StoreAddition(
            path: path, address: ContentAddress(.text, Hash(of: derivation.text, .sha256)),
            StoreObject(text: derivation.text, references: derivation.references))
    }
}

extension DerivationTable.Modulo {
    /// Reads what a walk's details say; nil for something else.
    fileprivate init?(_ text: String) {
        if text == "deferred" {
            self = .deferred
            return
        }
        let digits = text.hasPrefix("fixed:") ? text.dropFirst("fixed:".count) : text[...]
        guard digits.utf8.count == 64, let bytes = try? Base16.decode(Array(digits.utf8)) else { return nil }
        self = digits.count < text.count ? .fixed(SHA256Sum(bytes)) : .hash(SHA256Sum(bytes))
    }
}
