import Glibc

/// The resident memory of this process in bytes, according to the system.
public enum ResidentMemory {
    /// Resets the peak.
    public static func resetPeak() {
        let descriptor = unsafe open("/proc/self/clear_refs", O_WRONLY)
        guard descriptor >= 0 else { return }
        let reset: [UInt8] = [UInt8(ascii: "5")]
        _ = unsafe reset.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, 1) }
        close(descriptor)
    }

    public static func peak() -> Int { field("VmHWM:") }
    public static func current() -> Int { field("VmRSS:") }

    /// The value of a line in the process's status, which is in kB.
    private static func field(_ name: String) -> Int {
        let text = String(decoding: contents("/proc/self/status"), as: UTF8.self)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return 0 }
        return (Int(line.dropFirst(name.count).filter { $0.isNumber }) ?? 0) << 10
    }

    private static func contents(_ path: String) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 13)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        return Array(bytes.prefix(max(0, count)))
    }
}
