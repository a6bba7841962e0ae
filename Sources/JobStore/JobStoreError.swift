/// Why the store cannot do what it was asked to. Nothing of a failed batch is on disk.
public enum JobStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another process holds the store's lock.
    case locked(path: String)
    /// A directory or file cannot be created, opened or read.
    case unusable(path: String, reason: String)
    /// The database was written by a newer version.
    case newerSchema(path: String)
    /// The store cannot be trusted: its pages cannot be read, or its rows contradict each other.
    case damaged(path: String, faults: [String])
    /// SQLite failed: the disk is full, or an I/O error occurred.
    case database(reason: String)

    public var description: String {
        switch self {
        case .locked(let path):
            "the job store at \(path) is in use by another coordinator: stop that one or give another directory"
        case .unusable(let path, let reason): "cannot use \(path): \(reason)"
        case .newerSchema(let path):
            "the job store at \(path) was written by a newer version of firn: run that version, or give another directory"
        case .damaged(let path, let faults):
            """
            the job store at \(path) cannot be trusted, and was not changed: \(faults.prefix(3).joined(separator: "; ")). \
            'firn store check \(path)' tells all that is wrong. Move the directory away and copy a backup there \
            (firn store backup), or start with an empty directory
            """
        case .database(let reason): "the job store failed: \(reason)"
        }
    }
}
