/// A job's id: a positive number that the store assigns once and never reuses, not even after the job is removed.
public struct JobID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public let rawValue: Int64

    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    public static func < (left: JobID, right: JobID) -> Bool {
        left.rawValue < right.rawValue
    }

    public var description: String { String(rawValue) }
}

/// Milliseconds since 1970-01-01T00:00:00Z. The store compares such times and never reads a clock.
public typealias Milliseconds = Int64
