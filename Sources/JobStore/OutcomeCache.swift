import Foundation

/// The wish of a job for the stored outcome of an equal job of its tenant.
public struct OutcomeCache: Sendable, Hashable {
    /// Jobs of a tenant with the same key are equal.
    public var key: Data
    /// The time at which the job was submitted, which becomes the time of its outcome.
    public var time: Milliseconds
    /// Bytes to append to the body of an outcome that is taken, by which the reader knows that it was.
    public var mark: Data

    public init(key: Data, time: Milliseconds, mark: Data) {
        self.key = key
        self.time = time
        self.mark = mark
    }
}
