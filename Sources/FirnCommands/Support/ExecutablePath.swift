import Glibc

/// Where this executable is, and by which name it was started.
enum ExecutablePath {
    /// The path of the executable itself, without links; nil if it cannot be determined.
    static func own() -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0, count < buffer.count else { return nil }
        return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The name by which the process was started.
    static var startedAs: String {
        guard CommandLine.argc > 0, let word = unsafe CommandLine.unsafeArgv[0] else { return "" }
        return unsafe String(cString: word)
    }
}
