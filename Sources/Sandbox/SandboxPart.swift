/// The parts of a sandbox, in the order in which a process enters them. Their raw values are the names in reports.
public enum SandboxPart: String, Sendable, Codable, CaseIterable {
    /// The process is not root, and has no capabilities.
    case notRoot = "not_root"
    /// Limits on address space, open files, written files and processes, and no core dumps.
    case limits = "rlimits"
    /// Limits on memory and processor time of a control group.
    case controlGroup = "cgroup"
    /// Nothing that the process executes has more rights than the process.
    case noNewPrivileges = "no_new_privs"
    /// No files but those that are named, by Landlock or by a mount namespace.
    case files
    /// No other process of the user reads the process's memory or traces it.
    case notDumpable = "not_dumpable"
    /// No system calls but those that an evaluation needs.
    case systemCalls = "seccomp"
}

/// What happens where a part of the sandbox is not to be had.
public enum PartMode: String, Sendable, Codable, CaseIterable {
    /// The process does not start.
    case required
    /// The process starts, and reports that the part is missing.
    case optional
    /// The part is not wanted.
    case off
}

/// What has become of a part of the sandbox.
public struct PartReport: Sendable, Codable, Hashable {
    public enum State: String, Sendable, Codable {
        case on, off, missing
    }

    public var part: SandboxPart
    public var state: State
    /// What is in effect, or why it is not: one line.
    public var detail: String

    public init(_ part: SandboxPart, _ state: State, _ detail: String) {
        self.part = part
        self.state = state
        self.detail = detail
    }
}

/// Why a process cannot enter its sandbox.
public struct SandboxError: Error, Sendable, Hashable, CustomStringConvertible {
    public let part: SandboxPart
    public let reason: String

    public var description: String {
        if part == .notRoot { return "\(reason): start the worker as another user, or set user or allowRoot" }
        return
            "the sandbox lacks \(part.rawValue): \(reason); where that is acceptable, set sandbox.\(part.setting) to optional"
    }
}

extension SandboxPart {
    /// The part's key in the section `sandbox` of a worker's configuration.
    public var setting: String {
        switch self {
        case .notRoot: "allowRoot"
        case .limits: "limits"
        case .controlGroup: "cgroup"
        case .noNewPrivileges: "noNewPrivileges"
        case .files: "files"
        case .notDumpable: "notDumpable"
        case .systemCalls: "seccomp"
        }
    }
}

/// A part is not to be had on this machine, for this reason.
struct PartMissing: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }

    /// The failure of a system call.
    init(_ action: String, errno code: Int32) { reason = "\(action): \(SystemMessage.text(code))" }
}
