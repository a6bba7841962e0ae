import FirnProtocol
import FoundationEssentials

/// Requests about when jobs run, and about all jobs of a filter. They need a coordinator whose welcome has `scheduling`.
extension FirnClient {
    /// Why a job waits, or ended as it did.
    public func explain(_ job: UInt64) async throws -> WireExplanation {
        guard case .explanation(let explanation) = try await ask(.explain(.with { $0.job = job })) else {
            throw ClientError.unexpectedReply
        }
        return explanation
    }

    /// Cancels the open jobs that a filter selects, a page at a time.
    ///
    /// - Parameters:
    ///   - filter: the jobs; `before` of the last reply selects the next page.
    ///   - reason: the message of the outcome of jobs that had not begun.
    /// - Returns: the effect on each job of the page. If `nextBefore` is not 0, there may be more.
    public func cancel(_ filter: WireJobFilter, reason: String = "") async throws -> WireCancelReply {
        let request = WireCancel.with {
            $0.filter = filter
            $0.reason = reason
        }
        guard case .cancelReply(let reply) = try await ask(.cancel(request)) else { throw ClientError.unexpectedReply }
        return reply
    }

    /// Submits finished jobs again as new ones.
    ///
    /// - Parameter jobs: their numbers, up to `ProtocolLimits.selectedJobs`.
    public func retry(_ jobs: [UInt64]) async throws -> WireRetryReply {
        let token = Self.retryToken()
        return try await retry(
            .with {
                $0.jobs = jobs
                $0.token = token
            })
    }

    /// Submits the finished jobs again that a filter selects, a page at a time.
    ///
    /// - Parameters:
    ///   - filter: the jobs; `before` of the last reply selects the next page.
    ///   - token: `retryToken()`, the same for all pages.
    public func retry(_ filter: WireJobFilter, token: Data) async throws -> WireRetryReply {
        try await retry(
            .with {
                $0.filter = filter
                $0.token = token
            })
    }

    private func retry(_ request: WireRetry) async throws -> WireRetryReply {
        guard case .retryReply(let reply) = try await ask(.retry(request)) else { throw ClientError.unexpectedReply }
        return reply
    }

    /// Random bytes by which the coordinator submits each job once, although the request may be sent again.
    public static func retryToken() -> Data {
        var generator = SystemRandomNumberGenerator()
        return Data((0..<ProtocolLimits.retryTokenBytes).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
}
