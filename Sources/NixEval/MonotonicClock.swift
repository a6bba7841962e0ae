import Glibc

/// The clocks that evaluations are measured with, in nanoseconds.
public enum MonotonicClock {
    /// Time since some moment of the past; the one that `Limits.deadline` is given in.
    public static func now() -> UInt64 { read(CLOCK_MONOTONIC) }

    /// Processor time of the calling thread.
    static func threadTime() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
