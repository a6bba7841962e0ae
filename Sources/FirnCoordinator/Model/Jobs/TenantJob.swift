/// A job as its tenant knows it.
struct TenantJob: Hashable, Sendable {
    /// Index into the state machine's tenants.
    let tenant: Int
    let number: Int64
}
