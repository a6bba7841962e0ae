import CSandbox
import Glibc

/// Which files the process sees: by Landlock, or where the kernel has none, by a mount namespace.
enum FileAccess {
    static func restrict(_ policy: SandboxPolicy) throws(PartMissing) -> String {
        let reason: String
        do throws(PartMissing) {
            let detail = try Landlock.restrict(policy)
            try Privileges.dropCapabilities()
            return detail
        } catch { reason = error.reason }
        do throws(PartMissing) {
            let detail = try MountNamespace.enter(policy)
            try Privileges.dropCapabilities()
            return detail
        } catch {
            try Privileges.dropCapabilities()
            throw PartMissing("\(reason); \(error.reason)")
        }
    }
}
