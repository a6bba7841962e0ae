import Foundation

/// The jobs with which a job shares its store objects. They are of one tenant, and each object is stored once for all of
/// them.
public enum ClosureRun: Sendable, Hashable {
    /// No other job.
    case own
    /// The jobs of the tenant with the same key.
    case shared(Data)
}
