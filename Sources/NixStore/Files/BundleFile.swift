/// One file that a job brings with it.
public struct BundleFile: Sendable, Equatable {
    /// The path below the bundle's directory, without a slash at its start.
    public var path: [UInt8]
    public var contents: [UInt8]

    public init(path: [UInt8], contents: [UInt8]) {
        self.path = path
        self.contents = contents
    }
}

/// Why a set of roots and files cannot be served.
public enum RootedIOError: Error, Sendable, Equatable {
    /// A root's name has a character other than letters, digits, `.`, `_`, `+` and `-`, or is `.`, `..` or empty.
    case invalidRootName(String)
    case duplicateRoot(String)
    /// The directory of a root cannot be opened.
    case unreadableRoot(String, EvalIOError)
    /// A bundle's path is empty or absolute, or has an empty, `.` or `..` component or a zero byte.
    case invalidBundlePath([UInt8])
    /// Two files of a bundle have this path, or a file is also the directory of another.
    case conflictingBundlePath([UInt8])
}

extension RootedIOError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidRootName(let name):
            "root name '\(name)' is not valid: use letters, digits, '.', '_', '+' and '-'"
        case .duplicateRoot(let name): "root '\(name)' is given twice"
        case .unreadableRoot(let name, let error): "root '\(name)' cannot be read: \(error)"
        case .invalidBundlePath(let path):
            "bundle path '\(String(decoding: path, as: UTF8.self))' is not valid: "
                + "it must be relative and have no empty, '.' or '..' component"
        case .conflictingBundlePath(let path):
            "bundle path '\(String(decoding: path, as: UTF8.self))' is given twice, or is also a directory"
        }
    }
}
