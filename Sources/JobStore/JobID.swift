/// The number of a job: positive, given once by the store, never used again, also not after the job was removed.
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

/// How a job is asked for. Its id tells how many jobs there were of all tenants, so a tenant knows it by a number that
/// counts the tenant's own: 1, 2, 3 and so on, never used again either.
public enum JobKey: Hashable, Sendable {
    case id(JobID)
    case number(Int64, tenant: String)
}

/// Milliseconds since 1970-01-01T00:00:00Z. The store compares such times and never reads a clock.
public typealias Milliseconds = Int64
