import CSandbox
import Glibc

/// The rights of the process as a user.
public enum Privileges {
    /// Whether the process is root.
    public static var isRoot: Bool { geteuid() == 0 }

    /// Checks that the process is not root. Root's capabilities are given up later, by `dropCapabilities`.
    static func check() throws(PartMissing) -> String {
        guard !isRoot else { throw PartMissing("the process is root, without its capabilities") }
        return "user \(geteuid())"
    }

    /// Gives up all capabilities.
    ///
    /// Without them root is still the owner of root's files, but cannot mount, trace, change the owner of files or read
    /// those of others. It is done whatever the configuration says, once nothing needs them any more.
    static func dropCapabilities() throws(PartMissing) {
        guard firn_drop_capabilities() == 0 else { throw PartMissing("capabilities cannot be dropped", errno: errno) }
    }

    /// Makes sure that a program that is executed has no more rights than the process: set-user-id bits and
    /// capabilities of files have no effect.
    static func forbidNew() throws(PartMissing) -> String {
        guard firn_prctl(PR_SET_NO_NEW_PRIVS, 1) == 0 else { throw PartMissing("prctl", errno: errno) }
        return "executed programs gain no rights"
    }

    /// Makes sure that no process of the same user reads the process's memory or traces it, and that it leaves no core
    /// dump.
    @discardableResult
    static func hideMemory() throws(PartMissing) -> String {
        guard firn_prctl(PR_SET_DUMPABLE, 0) == 0 else { throw PartMissing("prctl", errno: errno) }
        return "no tracing, no core dump"
    }

    /// Does the same for a process that holds keys, if it can.
    public static func protectKeys() {
        _ = try? hideMemory()
        _ = firn_limit(Int32(RLIMIT_CORE.rawValue), 0)
    }

    /// Makes the whole process one of another user, with that user's group and no other.
    ///
    /// - Parameter name: the user's name.
    /// - Throws: `UserError` if there is no such user, or the process may not become one.
    public static func become(_ name: String) throws(UserError) {
        guard let entry = unsafe getpwnam(name) else { throw UserError(name: name, reason: "there is no such user") }
        let (user, group) = unsafe (entry.pointee.pw_uid, entry.pointee.pw_gid)
        guard user != 0 else { throw UserError(name: name, reason: "that is root") }
        // The C library changes all threads.
        guard unsafe setgroups(1, [group]) == 0, setgid(group) == 0, setuid(user) == 0 else {
            throw UserError(name: name, reason: SystemMessage.text(errno))
        }
    }
}

/// The process cannot become one of another user.
public struct UserError: Error, Sendable, Hashable, CustomStringConvertible {
    public let name: String
    public let reason: String

    public var description: String { "the worker cannot run as user '\(name)': \(reason)" }
}
