import FirnProtocol
import Foundation

/// A request for jobs that the store selects.
public enum JobSelection: Sendable {
    /// Cancel the open jobs of a filter.
    case cancel(WireJobFilter, reason: String)
    /// Submit the finished jobs of a filter again.
    case retry(WireJobFilter, token: Data)
    /// Submit the named jobs again.
    case retryNamed([UInt64], token: Data)
}
