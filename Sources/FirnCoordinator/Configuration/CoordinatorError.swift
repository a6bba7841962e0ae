/// Why a coordinator does not start.
public enum CoordinatorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A configuration value is unusable; the text names it and says what would be accepted.
    case configuration(String)
    /// `run()` was called a second time.
    case started

    public var description: String {
        switch self {
        case .configuration(let reason): "configuration: \(reason)"
        case .started: "the coordinator was started already"
        }
    }
}
