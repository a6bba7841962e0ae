/// What a key may do. Every endpoint of a coordinator admits exactly one role.
public enum Role: String, Sendable, Hashable, CaseIterable {
    /// Submits jobs and reads their results, for one tenant.
    case client
    /// Evaluates jobs, and sends their traces.
    case worker
    /// Sees the jobs of all tenants and the workers, cancels, drains. Submits nothing.
    case `operator`
}
