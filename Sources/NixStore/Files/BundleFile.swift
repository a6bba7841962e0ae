/// A file that is part of a job.
public struct BundleFile: Sendable, Equatable {
    /// The path relative to the bundle's directory, without a leading slash.
    public var path: [UInt8]
    public var contents: [UInt8]

    public init(path: [UInt8], contents: [UInt8]) {
        self.path = path
        self.contents = contents
    }
}

/// Why roots and files are invalid.
public enum RootedIOError: Error, Sendable, Equatable {
    /// A root's name is empty, `.` or `..`, or has characters other than letters, digits, `.`, `_`, `+` and `-`.
    case invalidRootName(String)
    case duplicateRoot(String)
    /// The directory of a root cannot be opened.
    case unreadableRoot(String, EvalIOError)
    /// A path in a bundle is empty or absolute, or has an empty, `.` or `..` component or a null byte.
    case invalidBundlePath([UInt8])
    /// Two files of a bundle have the same path, or the path of one is also a directory.
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
