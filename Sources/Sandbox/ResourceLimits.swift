import CSandbox
import Glibc

/// The limits that the kernel keeps for a process.
enum ResourceLimits {
    static func apply(_ limits: SandboxPolicy.Limits) throws(PartMissing) -> String {
        let wanted: [(name: String, resource: Int32, value: UInt64)] = [
            ("core", Int32(RLIMIT_CORE.rawValue), 0),
            ("address space", Int32(RLIMIT_AS.rawValue), limits.addressSpace),
            ("open files", Int32(RLIMIT_NOFILE.rawValue), limits.openFiles),
            ("processes", FIRN_LIMIT_PROCESSES, limits.processes),
            ("file size", Int32(RLIMIT_FSIZE.rawValue), limits.fileBytes),
        ]
        var set: [String] = []
        for (name, resource, value) in wanted {
            // Only root may raise a limit that the system has set lower.
            let value = min(value, firn_hard_limit(resource))
            guard firn_limit(resource, value) == 0 else { throw PartMissing(name, errno: errno) }
            if value != FIRN_NO_LIMIT { set.append("\(name) \(value)") }
        }
        return set.joined(separator: ", ")
    }
}
