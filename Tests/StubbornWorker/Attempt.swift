import CRawSystemCalls
import Glibc

/// What a job does that has taken over its process, in words:
///
///     syscall NUMBER ARGUMENT...   makes a system call; `clone` and the like are numbers of the machine's processor
///     read PATH, write PATH        opens a file, which `write` makes if it is not there
///     environment                  the names of all environment variables
///     descriptors                  the open descriptors
///     send HEX                     writes to the socket of the connection's process
///
/// The text that comes back is the kernel's answer, or `error` with its number.
enum Attempt {
    /// Nil for other words.
    static func perform(_ words: [String]) -> String? {
        switch words.first {
        case "syscall":
            var arguments = words.dropFirst(2).map { Int($0) ?? 0 }
            arguments += Array(repeating: 0, count: max(0, 6 - arguments.count))
            return answer(unsafe raw_system_call(Int(words[1]) ?? -1, arguments))
        case "read": return answer(unsafe Int(open(words[1], O_RDONLY | O_CLOEXEC)))
        case "write": return answer(unsafe Int(open(words[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)))
        case "environment": return environment()
        case "descriptors": return (0..<1_024).filter { fcntl($0, F_GETFD) >= 0 }.map { "\($0)" }.joined(separator: " ")
        case "send":
            let bytes = hexadecimal(words[1])
            return answer(unsafe write(3, bytes, bytes.count))
        default: return nil
        }
    }

    private static func answer(_ value: Int) -> String { value < 0 ? "error \(errno)" : "\(value)" }

    private static func environment() -> String {
        var names: [String] = []
        var next = unsafe environ
        while let entry = unsafe next.pointee {
            names.append(unsafe String(cString: entry).split(separator: "=", maxSplits: 1).first.map(String.init) ?? "")
            unsafe next += 1
        }
        return names.sorted().joined(separator: " ")
    }

    private static func hexadecimal(_ text: String) -> [UInt8] {
        let digits = text.utf8.compactMap { UInt8(String(UnicodeScalar($0)), radix: 16) }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
