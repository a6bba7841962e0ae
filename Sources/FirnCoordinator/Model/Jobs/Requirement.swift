import FirnProtocol

/// What a worker must have to run a job. A tenant's jobs wait in one queue for each requirement, so that a job that
/// waits for a root does not delay one that needs none.
struct Requirement: Hashable, Sendable {
    /// Names of roots with the content ids that they must have. An empty id accepts any content.
    var roots: [String: [UInt8]] = [:]
    /// The evaluator version that the job asks for; empty accepts any.
    var evaluatorVersion = ""
    /// Whether the worker's machine builds.
    var builds = false
    /// Whether the worker must be able to upload store objects.
    var uploadsObjects = false
    /// The prepared set that the worker must have; nil if the job needs none.
    var prepared: PreparedRequirement?

    /// A requirement that every worker satisfies.
    init() {}

    /// Reads the requirement of a specification. A program or base given as a file lies below one of the roots that the
    /// job names, so these roots are all that it needs.
    ///
    /// - Parameter policy: what the tenant of the job may use.
    init(_ specification: WireJobSpecification, tenant: String, policy: TenantPolicy) {
        evaluatorVersion = specification.evaluatorVersion
        builds = specification.importFromDerivation
        uploadsObjects = specification.hasClosure
        for root in specification.roots {
            roots[root.name] = [UInt8](root.contentID)
        }
        if specification.hasPrepared {
            prepared = PreparedRequirement(specification.prepared, tenant: tenant, roots: policy.roots)
        }
    }

    /// The requirement in words, for the outcome of a job that no worker took.
    var description: String {
        var parts = roots.keys.sorted().map { name in
            let id = roots[name] ?? []
            return id.isEmpty ? "root '\(name)'" : "root '\(name)' with content id \(Self.hex(id))"
        }
        if !evaluatorVersion.isEmpty { parts.append("evaluator version \(evaluatorVersion)") }
        if let prepared {
            let id = prepared.identity
            parts.append("prepared set '\(prepared.name)'" + (id.isEmpty ? "" : " with identity \(Self.hex(id))"))
        }
        if builds { parts.append("a builder") }
        if uploadsObjects { parts.append("a worker that uploads store objects") }
        return parts.isEmpty ? "no requirement" : parts.joined(separator: ", ")
    }

    /// Requirements of one part each, which together are this one.
    var parts: [Requirement] {
        var parts = roots.sorted { $0.key < $1.key }.map { name, id in
            var part = Requirement()
            part.roots = [name: id]
            return part
        }
        if !evaluatorVersion.isEmpty {
            var part = Requirement()
            part.evaluatorVersion = evaluatorVersion
            parts.append(part)
        }
        if let prepared {
            var part = Requirement()
            part.prepared = prepared
            parts.append(part)
        }
        if builds {
            var part = Requirement()
            part.builds = true
            parts.append(part)
        }
        if uploadsObjects {
            var part = Requirement()
            part.uploadsObjects = true
            parts.append(part)
        }
        return parts
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
