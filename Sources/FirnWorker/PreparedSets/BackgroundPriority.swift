import Glibc
import Platform

/// The priority of what must not take time from jobs.
enum BackgroundPriority {
    /// Gives the calling thread the lowest priority, and with it those that it starts.
    static func take() {
        // For the kernel, a thread is a process with an id of its own.
        setpriority(
            __priority_which_t(PRIO_PROCESS.rawValue), UInt32(bitPattern: SystemThread.currentID), 19)
    }
}
