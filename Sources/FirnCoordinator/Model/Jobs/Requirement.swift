import FirnProtocol

/// What a worker must have to be given a job. Jobs of a tenant wait in one queue for each requirement, so that one that
/// waits for a root holds up none that does not.
struct Requirement: Hashable, Sendable {
    /// Root names and the content ids they must have; an empty id is "any".
    var roots: [String: [UInt8]] = [:]
    /// Empty: any.
    var evaluatorVersion = ""

    /// A file or base that the program lies in is under one of the roots that the job names, so these are all.
    init(_ specification: WireJobSpecification) {
        evaluatorVersion = specification.evaluatorVersion
        for root in specification.roots {
            roots[root.name] = [UInt8](root.contentID)
        }
    }

    /// In words, for an outcome that says why no worker took the job.
    var description: String {
        var parts = roots.keys.sorted().map { name in
            let id = roots[name] ?? []
            return id.isEmpty ? "root '\(name)'" : "root '\(name)' with content id \(Self.hex(id))"
        }
        if !evaluatorVersion.isEmpty { parts.append("evaluator version \(evaluatorVersion)") }
        return parts.isEmpty ? "no requirement" : parts.joined(separator: ", ")
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
