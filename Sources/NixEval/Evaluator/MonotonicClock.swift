import Glibc

/// The clocks that evaluations are measured with, in nanoseconds.
public enum MonotonicClock {
    /// Time since some moment of the past; the one that `Limits.deadline` is given in.
    public static func now() -> UInt64 { read(CLOCK_MONOTONIC) }

    /// Processor time of the calling thread.
    static func threadTime() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

    fileprivate static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}

/// The processor time of one thread, which every thread of the process may read.
public struct ThreadClock: Sendable {
    private let clock: clockid_t

    /// The calling thread's. To be read only while that thread lives.
    public init() {
        var clock = CLOCK_THREAD_CPUTIME_ID
        // It fails for threads that do not exist; this one does.
        _ = unsafe pthread_getcpuclockid(pthread_self(), &clock)
        self.clock = clock
    }

    /// Nanoseconds.
    public func now() -> UInt64 { MonotonicClock.read(clock) }
}
