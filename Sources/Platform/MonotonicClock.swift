import Glibc

/// The clock of deadlines, timers and measurements, in nanoseconds. It never goes back, and setting the date does not
/// change it.
public enum MonotonicClock {
    /// The time since an arbitrary moment, which is the same for all processes of the machine.
    public static func now() -> UInt64 { read(CLOCK_MONOTONIC) }

    /// The processor time of the calling thread.
    public static func threadTime() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

    fileprivate static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}

/// The processor time of one thread or process, which other threads may read.
public struct ThreadClock: Sendable {
    private let clock: clockid_t

    /// The clock of the calling thread. It may only be read while that thread exists.
    public init() {
        var clock = CLOCK_THREAD_CPUTIME_ID
        // This only fails for threads that do not exist.
        _ = unsafe pthread_getcpuclockid(pthread_self(), &clock)
        self.clock = clock
    }

    /// The clock of all threads of a process.
    ///
    /// - Parameter process: the id of a process of the same user. When it has ended, its clock shows 0.
    public init(process: pid_t) {
        var clock = CLOCK_PROCESS_CPUTIME_ID
        // This only fails for processes that do not exist.
        _ = unsafe clock_getcpuclockid(process, &clock)
        self.clock = clock
    }

    /// The processor time in nanoseconds.
    public func now() -> UInt64 { MonotonicClock.read(clock) }
}
