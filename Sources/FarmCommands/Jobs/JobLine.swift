import FirnProtocol
import FoundationEssentials

/// One job of a `--jobs-from` file.
struct JobLine: Decodable {
    private var source: String?
    private var root: String?
    private var path: String?
    private var attribute: String?
    private var label: String?
    private var priority: Int32?
    private var system: String?
    private var strict: Bool?
    private var format: String?
    private var trace: String?
    private var idempotencyKey: String?
    private var fairnessKey: String?
    private var after: [UInt64]?
    private var arguments: [String: String]?
    private var maxFuel: UInt64?
    private var maxMemory: UInt64?
    private var maxTime: Double?

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case source, root, path, attribute, label, priority, system, strict, format, trace, idempotencyKey, arguments
        case fairnessKey, after, maxFuel, maxMemory, maxTime
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let names = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        for name in names where CodingKeys(rawValue: name) == nil {
            let known = CodingKeys.allCases.map(\.rawValue).joined(separator: " ")
            throw CommandFailure("unknown key '\(name)'; known: \(known)")
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        source = try container.decodeIfPresent(String.self, forKey: .source)
        root = try container.decodeIfPresent(String.self, forKey: .root)
        path = try container.decodeIfPresent(String.self, forKey: .path)
        attribute = try container.decodeIfPresent(String.self, forKey: .attribute)
        label = try container.decodeIfPresent(String.self, forKey: .label)
        priority = try container.decodeIfPresent(Int32.self, forKey: .priority)
        system = try container.decodeIfPresent(String.self, forKey: .system)
        strict = try container.decodeIfPresent(Bool.self, forKey: .strict)
        format = try container.decodeIfPresent(String.self, forKey: .format)
        trace = try container.decodeIfPresent(String.self, forKey: .trace)
        idempotencyKey = try container.decodeIfPresent(String.self, forKey: .idempotencyKey)
        fairnessKey = try container.decodeIfPresent(String.self, forKey: .fairnessKey)
        after = try container.decodeIfPresent([UInt64].self, forKey: .after)
        arguments = try container.decodeIfPresent([String: String].self, forKey: .arguments)
        maxFuel = try container.decodeIfPresent(UInt64.self, forKey: .maxFuel)
        maxMemory = try container.decodeIfPresent(UInt64.self, forKey: .maxMemory)
        maxTime = try container.decodeIfPresent(Double.self, forKey: .maxTime)
    }

    /// The job that a line describes; the template applies where the line says nothing.
    ///
    /// - Throws: `CommandFailure` with the number of the line.
    static func job(
        _ line: LineReader.Line, template: WireJobSpecification, decoder: JSONDecoder
    ) throws -> WireJobSpecification {
        do {
            let parsed = try decoder.decode(JobLine.self, from: Data(line.text))
            let job = try parsed.specification(template, number: line.number)
            try job.validate()
            return job
        } catch let error as ProtocolError {
            throw CommandFailure("line \(line.number): \(error.message)")
        } catch let error as CommandFailure {
            throw CommandFailure("line \(line.number): \(error)")
        } catch let error as DecodingError {
            throw CommandFailure("line \(line.number) is not a job: \(reason(error))")
        } catch {
            throw CommandFailure("line \(line.number) is not a job: \(error)")
        }
    }

    /// The decoder's error in words, with the key at which it occurred.
    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            guard !context.codingPath.isEmpty else { return "it is not a JSON object" }
            let key = context.codingPath.map(\.stringValue).joined(separator: ".")
            let expected =
                type == String.self
                ? "a text"
                : type == Bool.self
                    ? "true or false"
                    : type == [String: String].self
                        ? "an object of texts" : "a number"
            return "'\(key)' is not \(expected)"
        case .keyNotFound(let key, _): return "'\(key.stringValue)' is missing"
        case .dataCorrupted(let context):
            let key = context.codingPath.map(\.stringValue).joined(separator: ".")
            return key.isEmpty ? "it is not valid JSON, or a number in it is out of range" : "'\(key)' is out of range"
        @unknown default: return "\(error)"
        }
    }

    private func specification(_ template: WireJobSpecification, number: Int) throws -> WireJobSpecification {
        var job = template
        job.program = try program(template)
        if let root, !job.roots.contains(where: { $0.name == root }) { job.roots.append(.with { $0.name = root }) }
        if let attribute { job.attribute = attribute }
        if let label { job.label = label }
        if let priority { job.priority = priority }
        if let system { job.system = system }
        if let strict { job.strict = strict }
        if let fairnessKey { job.key = fairnessKey }
        if let after { job.after = after }
        if let idempotencyKey {
            job.idempotencyKey = Data(idempotencyKey.utf8)
        } else if !job.idempotencyKey.isEmpty {
            // One key for all lines would make them the same job.
            job.idempotencyKey += Data("#\(number)".utf8)
        }
        try setLimits(&job)
        try setNamed(&job)
        return job
    }

    private func program(_ template: WireJobSpecification) throws -> WireJobSpecification.OneOf_Program? {
        if source != nil, path != nil { throw CommandFailure("source and path exclude each other") }
        if let source { return JobSourceArguments.source(Array(source.utf8), name: "") }
        if path == nil, template.hasPrepared { return nil }
        guard let path, let name = root ?? template.roots.first?.name else {
            throw CommandFailure("it needs source, or root and path")
        }
        return .rootFile(
            .with {
                $0.root = name
                $0.path = path
            })
    }

    private func setLimits(_ job: inout WireJobSpecification) throws {
        if let maxFuel { job.limits.fuel = maxFuel }
        if let maxMemory { job.limits.memoryBytes = maxMemory }
        guard let maxTime else { return }
        guard maxTime > 0, maxTime < 1e9 else {
            throw CommandFailure("maxTime is \(maxTime), not seconds above 0 and below 1000000000")
        }
        job.limits.timeoutMs = JobOptionArguments.milliseconds(maxTime)
    }

    private func setNamed(_ job: inout WireJobSpecification) throws {
        if let format {
            guard let named = ValueFormat(rawValue: format) else { throw CommandFailure("unknown format '\(format)'") }
            job.format = named.wire
        }
        if let trace {
            guard let level = TraceLevelName(rawValue: trace) else {
                throw CommandFailure("unknown trace level '\(trace)'")
            }
            job.traceLevel = level.wire
        }
        for (name, text) in (arguments ?? [:]).sorted(by: { $0.key < $1.key }) {
            job.arguments.removeAll { $0.name == name }
            job.arguments.append(
                .with {
                    $0.name = name
                    $0.text = Data(text.utf8)
                })
        }
    }
}
