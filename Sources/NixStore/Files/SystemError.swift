import Glibc

/// A failed system call.
struct SystemError: Error {
    let code: Int32

    /// The system's message.
    var reason: String {
        // POSIX lets other threads overwrite the text of `strerror`; the text of `strerror_r` is the caller's.
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
