import FirnCommands
import Sandbox

extension SandboxPolicy {
    /// Reads the section `sandbox` of a worker's configuration.
    init(_ source: inout SettingsSource) throws(SettingsError) {
        self.init()
        for part in SandboxPart.allCases where part != .notRoot {
            let names = PartMode.allCases.map(\.rawValue).joined(separator: ", ")
            let mode = try source.parsed("sandbox.\(part.setting)", expected: "one of \(names)") {
                PartMode(rawValue: $0)
            }
            self[part] = mode ?? self[part]
        }
        limits.addressSpace = try source.bytes("sandbox.addressSpace") ?? limits.addressSpace
        limits.openFiles = try source.number("sandbox.openFiles", in: 64...1_000_000) ?? limits.openFiles
        limits.processes = try source.number("sandbox.processes", in: 16...10_000_000) ?? limits.processes
        limits.fileBytes = try source.bytes("sandbox.fileBytes") ?? limits.fileBytes
        controlGroup.parent = try source.path("sandbox.cgroupParent")
        controlGroup.memory = try source.bytes("sandbox.cgroupMemory")
        controlGroup.processorPercent = try source.number("sandbox.cgroupCPUPercent", in: 1...100_000)
    }
}

extension SettingsSource {
    fileprivate mutating func bytes(_ key: String) throws(SettingsError) -> UInt64? {
        let size: Int? = try size(key)
        return size.map { UInt64($0) }
    }
}

extension WorkerSettings {
    /// Becomes the configured user, if this process is root.
    ///
    /// - Throws: `CommandFailure` if the process would stay root, and the configuration does not allow that.
    func leaveRoot() throws {
        guard Privileges.isRoot else { return }
        if let user {
            do throws(UserError) { try Privileges.become(user) } catch { throw CommandFailure(error.description) }
        }
        try Self.requireUser(allowsRoot: allowsRoot)
    }

    /// Checks that a worker is not root unless that is allowed.
    static func requireUser(allowsRoot: Bool) throws {
        guard !Privileges.isRoot || allowsRoot else {
            throw CommandFailure(
                "a worker does not run as root: start it as another user, set user to the name of one (--set user=NAME), "
                    + "or allow it (--set allowRoot=true, FIRN_WORKER_ALLOW_ROOT=true)", exitCode: 2)
        }
    }
}
