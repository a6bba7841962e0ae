import CPlatform
import Glibc

/// The link between a worker process and the supervisor that started it.
public enum SupervisedProcess {
    /// The environment variable with the supervisor's process id, set for its children.
    static let supervisorVariable = "FIRN_SUPERVISOR"
    /// The environment variable with the descriptor of the memory shared with the supervisor.
    static let statusVariable = "FIRN_SUPERVISOR_STATUS"
    /// The environment variable with the replaced process, as `Predecessor.text`.
    static let predecessorVariable = "FIRN_SUPERVISOR_PREDECESSOR"
    static let variables = [supervisorVariable, statusVariable, predecessorVariable]

    /// Whether a supervisor started this process.
    public static var isSupervised: Bool { value(supervisorVariable) != nil }

    /// The memory that the supervisor reads; nil if there is none.
    static let status: ProcessStatus? = value(statusVariable).flatMap { Int32($0) }.flatMap { descriptor in
        defer { close(descriptor) }
        return ProcessStatus(descriptor: descriptor)
    }

    /// The process that this one replaces.
    static var predecessor: Predecessor? { value(predecessorVariable).flatMap { Predecessor(text: $0) } }

    private static func value(_ variable: String) -> String? {
        unsafe getenv(variable).map { unsafe String(cString: $0) }
    }

    /// Makes a supervised process end when its supervisor does, for whatever reason. Every worker process calls this
    /// first, on its main thread; without a supervisor it does nothing.
    ///
    /// The kernel kills the process when the supervisor's thread that started it ends. A supervisor that had ended
    /// before that was arranged is detected by comparing the parent process.
    public static func dieWithSupervisor() {
        guard let supervisor = value(supervisorVariable).flatMap({ pid_t($0) }) else { return }
        firn_die_with_parent()
        if getppid() != supervisor { exit(1) }
        // The descriptor is closed here, before any process could inherit it.
        _ = status
    }
}
