/// What a key permits. Every endpoint of a coordinator admits exactly one role.
public enum Role: String, Sendable, Hashable, CaseIterable {
    /// A client submits jobs of one tenant and reads their results.
    case client
    /// A worker evaluates jobs and sends their traces.
    case worker
    /// An operator sees the jobs of all tenants and the workers, cancels and drains. It submits no jobs.
    case `operator`
}
