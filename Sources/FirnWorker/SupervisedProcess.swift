import CZeroMQ
import Glibc

/// A worker process's tie to the supervisor that started it.
public enum SupervisedProcess {
    /// Set for children, to the supervisor's process id.
    public static let environmentVariable = "FIRN_SUPERVISOR"

    /// To be called first thing in every worker process, on its first thread: makes a supervised one end when its
    /// supervisor does, however that ends. Does nothing for a process that nobody supervises.
    ///
    /// The kernel kills the process when the supervisor's thread that started it ends; a supervisor that had ended
    /// before that was arranged is noticed by comparing the parent.
    public static func follow() {
        guard let text = unsafe getenv(environmentVariable), let supervisor = pid_t(unsafe String(cString: text)) else {
            return
        }
        firn_die_with_parent()
        if getppid() != supervisor { exit(1) }
    }
}
