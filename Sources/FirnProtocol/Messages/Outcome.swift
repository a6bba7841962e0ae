/// How a job ended: exactly one of twelve ways.
public enum Outcome: String, Sendable, Hashable, CaseIterable {
    case ok
    case evalError
    case fuelExhausted
    case memoryExceeded
    case depthExceeded
    case deadlineExceeded
    case cancelled
    case rejected
    case quarantined
    case resultTooLarge
    case unavailable
    case internalError

    public var wire: WireOutcomeKind {
        switch self {
        case .ok: .ok
        case .evalError: .evalError
        case .fuelExhausted: .fuelExhausted
        case .memoryExceeded: .memoryExceeded
        case .depthExceeded: .depthExceeded
        case .deadlineExceeded: .deadlineExceeded
        case .cancelled: .cancelled
        case .rejected: .rejected
        case .quarantined: .quarantined
        case .resultTooLarge: .resultTooLarge
        case .unavailable: .unavailable
        case .internalError: .internalError
        }
    }

    /// - Returns: nil for an unspecified outcome and one that a later version added.
    public init?(wire: WireOutcomeKind) {
        guard let outcome = Self.allCases.first(where: { $0.wire == wire }) else { return nil }
        self = outcome
    }

    /// Whether only a coordinator decides it: a worker's result with such an outcome is refused.
    public var isDecidedByCoordinator: Bool { self == .quarantined || self == .unavailable }
}
