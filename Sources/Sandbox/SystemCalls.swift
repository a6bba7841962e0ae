/// The system calls that the sandbox allows, by what needs them. Calls that are not known to libseccomp or to the
/// processor are passed over.
enum SystemCalls {
    /// What an evaluation needs whatever its arguments are.
    static let evaluation = memory + threads + clocks + descriptors + files

    private static let memory = ["brk", "munmap", "mremap", "madvise", "mincore", "membarrier"]

    private static let threads = [
        "futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "gettid", "getpid",
        "exit",
        "exit_group", "sched_yield", "sched_getaffinity", "getcpu", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
        "sigaltstack", "restart_syscall",
    ]

    private static let clocks = [
        "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "getrusage", "times",
        "sysinfo", "uname", "getrandom",
    ]

    /// What is done with descriptors that are open. Messages cannot be sent to another address, because the socket to
    /// the connecting process is bound to that one.
    private static let descriptors = [
        "read", "write", "readv", "writev", "pread64", "pwrite64", "lseek", "close", "dup", "dup2", "dup3", "poll",
        "ppoll",
        "select", "pselect6", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd2",
        "timerfd_create", "timerfd_settime", "pipe2", "recvfrom", "sendto", "shutdown", "flock",
    ]

    private static let files = [
        "fstat", "newfstatat", "stat", "lstat", "statx", "statfs", "fstatfs", "access", "faccessat", "faccessat2",
        "readlink",
        "readlinkat", "getdents64", "getcwd", "fadvise64", "geteuid", "getuid", "getegid", "getgid", "getppid",
    ]

    /// What is also needed to write to a directory of cached programs.
    static let writing = [
        "mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "link", "linkat",
        "ftruncate",
        "fsync", "fdatasync", "fchmod", "utimensat", "fallocate",
    ]

    /// What the C library asks for because newer kernels have it, and does without. These calls fail instead of
    /// killing.
    static let probed = ["openat2", "open", "cachestat", "process_mrelease", "map_shadow_stack", "mseal"]

    /// What is needed to talk to a daemon of this machine.
    static let localSockets = [
        "connect", "getsockopt", "setsockopt", "getsockname", "getpeername", "sendmsg", "recvmsg",
    ]

    /// What is needed to run the programs that download. They have the same filter.
    static let programs = processes + transfers + localSockets

    private static let processes = [
        "clone", "clone3", "fork", "vfork", "execve", "execveat", "wait4", "waitid", "kill", "tgkill", "setpgid",
        "getpgid",
        "getpgrp", "setsid", "umask", "chdir", "fchdir", "ioctl", "fcntl", "prlimit64", "arch_prctl", "getresuid",
        "getresgid", "getgroups", "getpriority", "setpriority", "sched_getparam", "sched_getscheduler",
        "sched_get_priority_max", "sched_get_priority_min", "sched_setaffinity", "rt_sigsuspend", "rt_sigtimedwait",
        "rt_sigpending", "pause", "alarm", "setitimer", "getitimer", "mlock", "close_range",
    ]

    private static let transfers = [
        "socket", "socketpair", "bind", "listen", "accept", "accept4", "sendmmsg", "recvmmsg", "pipe", "open", "creat",
        "chmod",
        "fchmodat", "symlink", "symlinkat", "truncate", "copy_file_range", "sendfile", "splice", "tee", "msync",
        "getxattr",
        "lgetxattr", "fgetxattr", "listxattr", "utimes", "utime", "futimesat", "epoll_create", "eventfd",
        "inotify_init1",
        "inotify_add_watch", "inotify_rm_watch",
    ]
}
