import CSandbox
import Glibc

/// The filter of system calls: the kernel kills the process at the first call that is not allowed.
enum SystemCallFilter {
    /// Installs the filter for all threads.
    ///
    /// - Returns: what is in effect, in one line.
    static func install(_ policy: SandboxPolicy) throws(PartMissing) -> String {
        guard let rules = FilterRules() else { throw PartMissing("libseccomp makes no filter") }
        try allowEvaluation(rules)
        try allowFiles(rules, isWriting: !policy.writable.isEmpty)
        if policy.startsPrograms {
            try rules.allow(SystemCalls.programs)
        } else {
            try forbidPrograms(rules)
            if policy.usesLocalSockets {
                try rules.allow(SystemCalls.localSockets)
                try rules.allow("socket", [.equal(0, UInt64(AF_UNIX))])
            }
        }
        try rules.load()
        let more = policy.usesLocalSockets ? ", local sockets" : ""
        return "\(rules.count) system calls" + (policy.startsPrograms ? ", programs, sockets" : more)
    }

    /// PR_SET_VMA, by which newer C libraries name the memory that they map.
    private static let nameMemory: Int32 = 0x5356_4D41

    private static func allowEvaluation(_ rules: borrowing FilterRules) throws(PartMissing) {
        try rules.allow(SystemCalls.evaluation)
        try rules.refuse(SystemCalls.probed, ENOSYS)
        // Memory is never both written and executed: no machine code is made or loaded after the start.
        for call in ["mmap", "mprotect"] { try rules.allow(call, [.masked(2, UInt64(PROT_EXEC), 0)]) }
        // A process may signal itself, as when it aborts.
        for call in ["kill", "tgkill"] { try rules.allow(call, [.equal(0, UInt64(getpid()))]) }
        // The limits are read, and never set.
        try rules.allow("prlimit64", [.equal(0, 0), .equal(2, 0)])
        for option in [PR_SET_NAME, nameMemory] {
            try rules.allow("prctl", [.equal(0, UInt64(option))])
        }
        // Whether a descriptor is a terminal.
        try rules.allow("ioctl", [.equal(1, UInt64(TCGETS))])
        for command in [F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD, F_DUPFD_CLOEXEC, F_SETLK, F_SETLKW] {
            try rules.allow("fcntl", [.equal(1, UInt64(command))])
        }
    }

    /// Without a directory to write to, no file is opened for writing.
    private static func allowFiles(_ rules: borrowing FilterRules, isWriting: Bool) throws(PartMissing) {
        guard isWriting else {
            let flags = UInt64(O_ACCMODE | O_CREAT | O_TRUNC)
            return try rules.allow("openat", [.masked(2, flags, 0)])
        }
        try rules.allow(["openat"])
        try rules.allow(SystemCalls.writing)
    }

    /// A thread is the only thing that may be started.
    private static func forbidPrograms(_ rules: borrowing FilterRules) throws(PartMissing) {
        try rules.allow("clone", [.masked(0, FIRN_CLONE_THREAD, FIRN_CLONE_THREAD)])
        // Its flags lie in memory, where a filter cannot read them. The C library then uses clone.
        try rules.refuse(["clone3"], ENOSYS)
        // The dispatch library gives each of its threads a priority, and when it cannot, connects to the system's log.
        // Here the call does nothing and succeeds.
        try rules.refuse(["setpriority"], 0)
    }
}

/// A filter that is being made. It belongs to libseccomp.
@safe private struct FilterRules: ~Copyable {
    private let context: UnsafeMutableRawPointer
    /// The system calls that are allowed in some form, and those that are allowed in all.
    private final class Names {
        var some: Set<String> = []
        var whole: Set<String> = []
    }
    private let names = Names()

    /// The number of system calls that are allowed in some form.
    var count: Int { names.some.count }

    /// Nil if there is no memory for it.
    init?() {
        guard let made = unsafe seccomp_init(FIRN_KILL_PROCESS) else { return nil }
        unsafe context = made
        // All threads get the filter, also those that exist.
        unsafe seccomp_attr_set(context, SCMP_FLTATR_CTL_TSYNC, 1)
        // A binary tree instead of a list, so that common calls are not compared with all others.
        unsafe seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2)
    }

    deinit { unsafe seccomp_release(context) }

    func allow(_ calls: [String]) throws(PartMissing) {
        for call in calls where names.whole.insert(call).inserted { try allow(call, []) }
    }

    /// Allows a call whose arguments meet all conditions.
    func allow(_ call: String, _ conditions: [scmp_arg_cmp]) throws(PartMissing) {
        try add(FIRN_ALLOW, call, conditions)
        names.some.insert(call)
    }

    /// Makes calls fail with an error number.
    func refuse(_ calls: [String], _ code: Int32) throws(PartMissing) {
        for call in calls { try add(firn_errno_action(code), call, []) }
    }

    private func add(_ action: UInt32, _ call: String, _ conditions: [scmp_arg_cmp]) throws(PartMissing) {
        let number = unsafe seccomp_syscall_resolve_name(call)
        // Some processors lack calls that others have.
        guard number >= 0 else { return }
        let code = unsafe seccomp_rule_add_array(context, action, number, UInt32(conditions.count), conditions)
        guard code == 0 else { throw PartMissing("the rule for \(call)", errno: -code) }
    }

    func load() throws(PartMissing) {
        let code = unsafe seccomp_load(context)
        guard code == 0 else { throw PartMissing("the filter", errno: -code) }
    }
}

extension scmp_arg_cmp {
    /// The argument with this index has a value.
    fileprivate static func equal(_ index: UInt32, _ value: UInt64) -> scmp_arg_cmp {
        scmp_arg_cmp(arg: index, op: SCMP_CMP_EQ, datum_a: value, datum_b: 0)
    }

    /// The bits of the argument under a mask have a value.
    fileprivate static func masked(_ index: UInt32, _ mask: UInt64, _ value: UInt64) -> scmp_arg_cmp {
        scmp_arg_cmp(arg: index, op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: value)
    }
}
