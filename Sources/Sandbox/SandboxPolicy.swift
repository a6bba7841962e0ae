/// What a process may still do in its sandbox.
public struct SandboxPolicy: Sendable, Codable, Hashable {
    /// Limits of the process, in bytes and numbers.
    public struct Limits: Sendable, Codable, Hashable {
        /// Bytes of address space. An evaluator reserves far more than it uses, because the ranges of its heap do not
        /// move: 400 GiB for a job, and as much for each of four images.
        public var addressSpace: UInt64 = 4 << 40
        public var openFiles: UInt64 = 1_024
        /// Processes and threads of the user, on the whole machine. Root has no such limit.
        public var processes: UInt64 = 4_096
        /// Bytes of one file that the process writes.
        public var fileBytes: UInt64 = 1 << 30

        public init() {}
    }

    /// The limits of the process's own control group.
    public struct ControlGroup: Sendable, Codable, Hashable {
        /// The directory of a control group (version 2) that the operator has delegated to the user, and in which
        /// nothing runs; nil for none.
        public var parent: String?
        /// Bytes of memory; nil for no limit.
        public var memory: UInt64?
        /// Hundredths of a processor; nil for no limit.
        public var processorPercent: UInt64?

        public init() {}
    }

    /// The mode of each part, in the order of `SandboxPart.allCases`. All are optional at first.
    private var modes = SandboxPart.allCases.map { _ in PartMode.optional }
    public var limits = Limits()
    public var controlGroup = ControlGroup()
    /// Directories and files that may be read.
    public var readable: [String] = []
    /// Directories in which files may also be made, changed and removed.
    public var writable: [String] = []
    /// Directories with programs that may be executed. Where there are any, processes may be started and connections
    /// opened, too.
    public var executable: [String] = []
    /// Whether the process connects to sockets of this machine, such as that of a Nix daemon.
    public var usesLocalSockets = false

    public init() {}

    /// The mode of a part.
    public subscript(part: SandboxPart) -> PartMode {
        get { SandboxPart.allCases.firstIndex(of: part).map { modes[$0] } ?? .optional }
        set {
            guard let index = SandboxPart.allCases.firstIndex(of: part) else { return }
            modes[index] = newValue
        }
    }

    /// Whether programs are started.
    var startsPrograms: Bool { !executable.isEmpty }
}
