/// How a job ended: in one of twelve ways.
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

    /// - Returns: nil for an unspecified outcome, and for one that a later version added.
    public init?(wire: WireOutcomeKind) {
        guard let outcome = Self.allCases.first(where: { $0.wire == wire }) else { return nil }
        self = outcome
    }

    /// Whether only a coordinator may decide on the outcome. A worker's result with such an outcome is refused.
    public var isDecidedByCoordinator: Bool { self == .quarantined || self == .unavailable }
}
