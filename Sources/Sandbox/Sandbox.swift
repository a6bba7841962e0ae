import CSandbox
import Glibc

/// The sandbox of a process that evaluates for strangers.
///
/// A job that has found a fault of the evaluator, and so runs code of its own, then still has only what the process
/// has: the files of its policy, the descriptors that were open before, and the system calls of an evaluation.
public enum Sandbox {
    /// Puts the calling process into a sandbox, which it cannot leave.
    ///
    /// It is called on the main thread before there is another one, because some parts apply to the calling thread and
    /// to those that it starts later.
    ///
    /// - Parameter policy: what the process may still do.
    /// - Returns: what has become of each part, in order.
    /// - Throws: `SandboxError` for a part that is required and not to be had. The process has then entered the parts before
    ///   it, and should end.
    public static func enter(_ policy: SandboxPolicy) throws(SandboxError) -> [PartReport] {
        var reports: [PartReport] = []
        for part in SandboxPart.allCases {
            guard policy[part] != .off else {
                reports.append(PartReport(part, .off, "switched off by the configuration"))
                continue
            }
            do throws(PartMissing) {
                reports.append(PartReport(part, .on, try enter(part, policy)))
            } catch {
                guard policy[part] == .optional else { throw SandboxError(part: part, reason: error.reason) }
                reports.append(PartReport(part, .missing, error.reason))
            }
        }
        return reports
    }

    /// - Returns: what is in effect, in one line.
    private static func enter(_ part: SandboxPart, _ policy: SandboxPolicy) throws(PartMissing) -> String {
        switch part {
        case .notRoot: try Privileges.check()
        case .limits: try ResourceLimits.apply(policy.limits)
        case .controlGroup: try ControlGroup.enter(policy.controlGroup)
        case .noNewPrivileges: try Privileges.forbidNew()
        case .files: try FileAccess.restrict(policy)
        case .notDumpable: try Privileges.hideMemory()
        case .systemCalls: try SystemCallFilter.install(policy)
        }
    }

    /// Whether the kernel has Landlock.
    static var hasLandlock: Bool { firn_landlock_version() >= 1 }

    /// Closes all descriptors from one on, so that only the named ones are left of what a process inherited.
    public static func closeDescriptors(from first: Int32) {
        // Kernels before 5.9 do not have the call.
        guard firn_close_from(UInt32(bitPattern: first)) != 0 else { return }
        for descriptor in first..<max(first, Int32(clamping: firn_hard_limit(Int32(RLIMIT_NOFILE.rawValue)))) {
            close(descriptor)
        }
    }
}
