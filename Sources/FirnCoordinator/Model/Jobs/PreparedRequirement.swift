import FirnProtocol

/// The prepared set that a job starts from.
struct PreparedRequirement: Hashable, Sendable {
    let name: String
    /// The identity that the set must have; empty as long as any will do.
    var identity: [UInt8]
    /// The tenant of the job, and the roots that it may read; nil for all.
    let tenant: String
    let roots: Set<String>?

    init(_ use: WirePreparedUse, tenant: String, roots: Set<String>?) {
        name = use.name
        identity = [UInt8](use.identity)
        self.tenant = tenant
        self.roots = roots
    }

    /// Why the tenant may not use the set; nil if it may.
    func refusal(of set: WirePreparedSet) -> String? {
        guard set.admits(tenant: tenant) else { return "this tenant may not use the set '\(name)'" }
        guard set.root.isEmpty || roots?.contains(set.root) ?? true else {
            return "this tenant may not read the root '\(set.root)', from which the set '\(name)' is made"
        }
        return nil
    }

    /// Whether it is this set, in whatever state, and the tenant may use it.
    func matches(_ set: WirePreparedSet) -> Bool {
        set.name == name && (identity.isEmpty || set.identity.elementsEqual(identity)) && refusal(of: set) == nil
    }
}
