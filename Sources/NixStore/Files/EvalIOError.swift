import Glibc
import MessageText

/// Why something could not be read.
public struct EvalIOError: Error, Sendable, Equatable {
    /// What is wrong with the path.
    public enum Kind: Sendable, Equatable {
        /// The path does not exist.
        case notFound
        /// The path is a directory, FIFO, socket or device instead of a file.
        case notARegularFile
        case notADirectory
        case notASymlink
        case permissionDenied
        /// The path, or a symbolic link on the way to it, leads outside of what the evaluation may read.
        case outsideRoots
        /// The file has more bytes, or the directory more entries, than `limit`.
        case tooLarge(limit: Int)
        /// There is a loop of symbolic links, or too long a chain.
        case tooManyLinks
        /// The size of the file changed while it was read.
        case changed
        /// The path contains a byte that no file name can have.
        case invalidPath
        /// Any other error of the operating system.
        case system(errno: Int32)
    }

    public let kind: Kind
    /// The path that was requested.
    public let path: [UInt8]
    /// The failed action, in the words that Nix puts before the path: `opening file`. For `outsideRoots`, it is how the
    /// message ends.
    let action: String

    init(_ kind: Kind, path: [UInt8], action: String = "opening file") {
        self.kind = kind
        self.path = path
        self.action = action
    }

    /// The error for a path that may not be read.
    static func outsideRoots(_ path: [UInt8], _ reason: String = "no root holds it") -> EvalIOError {
        EvalIOError(.outsideRoots, path: path, action: ": \(reason)")
    }

    /// The error for a path that the setting `restrict-eval` forbids.
    static func restricted(_ path: [UInt8]) -> EvalIOError {
        EvalIOError(.outsideRoots, path: path, action: " in restricted mode")
    }

    /// The error for a path that a pure evaluation may not read.
    static func impure(_ path: [UInt8]) -> EvalIOError {
        EvalIOError(
            .outsideRoots, path: path, action: " in pure evaluation mode (use '--impure' to override)")
    }

    /// The error for the `errno` of a system call about `path`.
    init(errno code: Int32, path: [UInt8], action: String = "opening file") {
        let kind: Kind =
            switch code {
            case ENOENT, ENOTDIR: .notFound
            case EACCES, EPERM: .permissionDenied
            case ELOOP: .tooManyLinks
            default: .system(errno: code)
            }
        self.init(kind, path: path, action: action)
    }

    /// Calls `body`, and converts its `errno` to an error about `path`.
    static func wrapping<Result>(
        _ path: [UInt8], _ action: String, _ body: () throws(SystemError) -> Result
    ) throws(EvalIOError) -> Result {
        do {
            return try body()
        } catch {
            throw EvalIOError(errno: error.code, path: path, action: action)
        }
    }

    /// The message in Nix's words, without `error: `. It is bytes, because a path need not be UTF-8.
    public var message: [UInt8] {
        switch kind {
        case .notFound: quoted("path ", " does not exist")
        case .notARegularFile: quoted("file ", " is not a regular file")
        case .notADirectory: quoted("", " is not a directory")
        case .notASymlink: quoted("path ", " is not a symlink")
        case .permissionDenied: quoted("\(action) ", ": Permission denied")
        case .outsideRoots: quoted("access to absolute path ", " is forbidden\(action)")
        case .tooLarge(let limit): quoted("\(action) ", ": it is larger than the limit of \(limit)")
        case .tooManyLinks: quoted("infinite symlink recursion in path ", "")
        case .changed: quoted("file ", " changed while it was read")
        case .invalidPath: quoted("path segment ", " must not contain null (\\0) bytes")
        case .system(let code): quoted("\(action) ", ": \(SystemError(code: code).reason)")
        }
    }

    private func quoted(_ before: String, _ after: String) -> [UInt8] {
        Array("\(before)'".utf8) + MessageText.excerpt(path) + Array("'\(after)".utf8)
    }
}

extension EvalIOError: CustomStringConvertible {
    public var description: String { String(decoding: message, as: UTF8.self) }
}
