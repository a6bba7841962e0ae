import Glibc

/// Writes files as a whole. A write that fails leaves no new file behind.
public enum WholeFile {
    /// How a file comes into being.
    public enum Method: Sendable {
        /// Under a temporary name that is renamed, so that no reader and no other writer sees an incomplete file.
        case replacing
        /// Into whatever the path names, such as a user's file or a terminal.
        case overwriting
        /// As a new file, which is on disk when the call returns. It is an error (EEXIST) if there is one already.
        case creating
    }

    /// Writes a file.
    ///
    /// - Parameters:
    ///   - bytes: the content.
    ///   - path: the path, whose directory exists.
    ///   - mode: the permissions of a new file. They are exact if it is made by `creating`; otherwise the process's
    ///     umask applies.
    ///   - method: how the file comes into being.
    public static func write(
        _ bytes: [UInt8], to path: String, mode: mode_t = 0o666, _ method: Method
    ) throws(WriteFailure) {
        var target = path
        var flags = O_WRONLY | O_CREAT | O_CLOEXEC
        switch method {
        case .replacing:
            // The name is unique, because threads and processes may write the same file concurrently. It does not contain
            // the file's own name, which may have the greatest length that a name can have.
            let directory = path.lastIndex(of: "/").map { path[...$0] } ?? ""
            target = "\(directory).\(getpid()).\(UInt64.random(in: .min ... .max)).tmp"
            flags |= O_EXCL | O_NOFOLLOW
        case .overwriting: flags |= O_TRUNC
        case .creating: flags |= O_EXCL | O_NOFOLLOW
        }
        let isNew = unsafe method != .overwriting || access(path, F_OK) != 0
        let descriptor = unsafe open(target, flags, mode)
        guard descriptor >= 0 else { throw WriteFailure(path: path, code: errno) }
        var code = fill(descriptor, with: bytes)
        if code == 0, method == .creating, fchmod(descriptor, mode) != 0 || fsync(descriptor) != 0 { code = errno }
        if close(descriptor) != 0, code == 0 { code = errno }
        if code == 0, target != path, unsafe rename(target, path) != 0 { code = errno }
        guard code != 0 else { return }
        if isNew { unsafe unlink(target) }
        throw WriteFailure(path: path, code: code)
    }

    /// - Returns: the error number; 0 if all bytes are written.
    private static func fill(_ descriptor: Int32, with bytes: [UInt8]) -> Int32 {
        var start = 0
        while start < bytes.count {
            let written = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress?.advanced(by: start), buffer.count - start)
            }
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { return written < 0 ? errno : EIO }
            start += written
        }
        return 0
    }
}

/// Why a file could not be written.
public struct WriteFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public let path: String
    /// The error number.
    public let code: Int32

    public init(path: String, code: Int32) {
        self.path = path
        self.code = code
    }

    /// The system's message.
    public var reason: String { unsafe String(cString: strerror(code)) }

    public var description: String { "'\(path)' cannot be written: \(reason)" }
}
