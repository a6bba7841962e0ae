import Platform

/// What stops an evaluation from outside: its deadline, or somebody who cancels it. Parser and compiler ask too.
public struct StopCondition: Sendable {
    let cancellation: Cancellation?
    /// Monotonic clock, nanoseconds.
    let deadline: UInt64?

    /// Whether there is anything that could stop it.
    public var isPossible: Bool { cancellation != nil || deadline != nil }

    /// `cancelled` or `deadlineExceeded`; nil to go on.
    public var cause: FailureKind? {
        if cancellation?.isCancelled == true { return .cancelled }
        if let deadline, MonotonicClock.now() >= deadline { return .deadlineExceeded }
        return nil
    }

    /// The failure of an evaluation that was stopped.
    public var failure: EvalFailure? {
        cause.map { EvalFailure(kind: $0, message: Array(Self.message($0).utf8)) }
    }

    static func message(_ cause: FailureKind) -> String {
        cause == .cancelled ? "evaluation cancelled" : "deadline exceeded"
    }
}
