import Foundation

/// One part of a trace, as its worker sent it.
public struct TraceSegment: Sendable {
    public let job: JobID
    public let attempt: Int64
    /// The number of the segment, from 0. There is no gap if no segment was lost.
    public let number: Int64
    public let bytes: Data

    public init(job: JobID, attempt: Int64, number: Int64, bytes: Data) {
        self.job = job
        self.attempt = attempt
        self.number = number
        self.bytes = bytes
    }
}

/// What is stored of a job's trace.
public struct StoredTrace: Sendable, Equatable {
    public let job: JobID
    public let attempt: Int64
    /// The numbers of the stored segments, ascending.
    public let numbers: [Int64]
    public let bytes: Int64
    /// The number of events that the worker dropped.
    public let dropped: Int64
    /// Whether every segment named by the outcome is stored and no event was dropped.
    public let isComplete: Bool
}
