import Glibc

/// A control group of version 2 with limits on memory and processor time, for one process.
///
/// The group is made in a directory that the operator has delegated, as by `Delegate=yes` of systemd. It is named after
/// the process and removed by the next one that is made there once no process is left in it.
enum ControlGroup {
    static func enter(_ group: SandboxPolicy.ControlGroup) throws(PartMissing) -> String {
        guard let parent = group.parent else {
            throw PartMissing("no control group is delegated (sandbox.cgroupParent)")
        }
        guard let controllers = read("\(parent)/cgroup.subtree_control") else {
            throw PartMissing("'\(parent)' is not a control group of version 2", errno: errno)
        }
        let names = controllers.split { $0 == " " || $0 == "\n" }
        for name in ["memory", "cpu"] where !names.contains(Substring(name)) {
            throw PartMissing("'\(parent)' has no controller '\(name)' in cgroup.subtree_control")
        }
        removeEmpty(in: parent)
        let own = "\(parent)/\(prefix)\(getpid())"
        guard unsafe mkdir(own, 0o755) == 0 || errno == EEXIST else { throw PartMissing(own, errno: errno) }
        if let memory = group.memory {
            try write("\(memory)", "\(own)/memory.max")
            // Without swap there is no file for it.
            try? write("0", "\(own)/memory.swap.max")
        }
        if let percent = group.processorPercent { try write("\(percent * 1_000) 100000", "\(own)/cpu.max") }
        try write("0", "\(own)/cgroup.procs")
        let memory = group.memory.map { "memory \($0)" } ?? "no limit on memory"
        return memory + (group.processorPercent.map { ", processor \($0) %" } ?? "")
    }

    private static let prefix = "firn-"

    /// Removes the groups of processes that have ended. The kernel refuses to remove one with a process.
    private static func removeEmpty(in parent: String) {
        guard let directory = unsafe opendir(parent) else { return }
        defer { unsafe closedir(directory) }
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name.hasPrefix(prefix) { unsafe rmdir("\(parent)/\(name)") }
        }
    }

    private static func read(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    private static func write(_ text: String, _ path: String) throws(PartMissing) {
        let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw PartMissing(path, errno: errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw PartMissing(path, errno: errno)
        }
    }
}
