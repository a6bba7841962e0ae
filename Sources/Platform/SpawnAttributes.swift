import Glibc

/// The attributes with which child processes are started.
public enum SpawnAttributes {
    /// Calls `body` with attributes by which the child blocks and ignores no signal.
    ///
    /// Without them a child inherits both. The threads of Swift's pools block most signals, so a child that one of them
    /// started could not be ended by SIGTERM.
    ///
    /// - Returns: what `body` returns, or the error number of making the attributes.
    @unsafe
    public static func withoutBlockedSignals(_ body: (UnsafePointer<posix_spawnattr_t>) -> Int32) -> Int32 {
        var attributes = posix_spawnattr_t()
        let failure = unsafe posix_spawnattr_init(&attributes)
        guard failure == 0 else { return failure }
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        return unsafe body(&attributes)
    }
}
