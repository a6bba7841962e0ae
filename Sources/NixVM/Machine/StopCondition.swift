import Platform

/// The reasons to stop an evaluation from outside: its deadline, and its cancellation. The parser and the compiler
/// check it, too.
public struct StopCondition: Sendable {
    let cancellation: Cancellation?
    /// A time of the monotonic clock, in nanoseconds.
    let deadline: UInt64?

    /// Whether there is a deadline or a cancellation at all.
    public var isPossible: Bool { cancellation != nil || deadline != nil }

    /// `cancelled` or `deadlineExceeded`, or nil to continue.
    public var cause: FailureKind? {
        if cancellation?.isCancelled == true { return .cancelled }
        if let deadline, MonotonicClock.now() >= deadline { return .deadlineExceeded }
        return nil
    }

    /// The failure of an evaluation that must stop, or nil to continue.
    public var failure: EvalFailure? {
        cause.map { EvalFailure(kind: $0, message: Array(Self.message($0).utf8)) }
    }

    static func message(_ cause: FailureKind) -> String {
        cause == .cancelled ? "evaluation cancelled" : "deadline exceeded"
    }
}
