import CZeroMQ
import Glibc

/// A worker process's ties to the supervisor that started it.
public enum SupervisedProcess {
    /// Set for children: the supervisor's process id.
    static let supervisorVariable = "FIRN_SUPERVISOR"
    /// Set for children: the descriptor of the memory that they share with the supervisor.
    static let statusVariable = "FIRN_SUPERVISOR_STATUS"
    /// Set for a child that takes the place of another one: `Predecessor.text`.
    static let predecessorVariable = "FIRN_SUPERVISOR_PREDECESSOR"
    static let variables = [supervisorVariable, statusVariable, predecessorVariable]

    /// Whether a supervisor started this process. It is not to start children of its own then.
    public static var isSupervised: Bool { value(supervisorVariable) != nil }

    /// What the supervisor reads of this process; nil where there is none.
    static let status: ProcessStatus? = value(statusVariable).flatMap { Int32($0) }.flatMap { descriptor in
        defer { close(descriptor) }
        return ProcessStatus(descriptor: descriptor)
    }

    /// The process whose place this one takes.
    static var predecessor: Predecessor? { value(predecessorVariable).flatMap { Predecessor(text: $0) } }

    private static func value(_ variable: String) -> String? {
        unsafe getenv(variable).map { unsafe String(cString: $0) }
    }

    /// To be called first thing in every worker process, on its first thread: makes a supervised one end when its
    /// supervisor does, however that ends. Does nothing for a process that nobody supervises.
    ///
    /// The kernel kills the process when the supervisor's thread that started it ends; a supervisor that had ended
    /// before that was arranged is noticed by comparing the parent.
    public static func follow() {
        guard let supervisor = value(supervisorVariable).flatMap({ pid_t($0) }) else { return }
        firn_die_with_parent()
        if getppid() != supervisor { exit(1) }
        // Now, so that no process started from here inherits the descriptor.
        _ = status
    }
}
