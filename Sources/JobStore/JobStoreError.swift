/// Why the store cannot do what it was asked to. Nothing of a failed batch is on disk.
public enum JobStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another process holds the store's lock.
    case locked(path: String)
    /// A directory or file cannot be created, opened or read.
    case unusable(path: String, reason: String)
    /// The database was written by a newer version.
    case newerSchema(path: String)
    /// SQLite failed: the disk is full, an I/O error occurred, or the file is damaged.
    case database(reason: String)

    public var description: String {
        switch self {
        case .locked(let path):
            "the job store at \(path) is in use by another coordinator: stop that one or give another directory"
        case .unusable(let path, let reason): "cannot use \(path): \(reason)"
        case .newerSchema(let path):
            "the job store at \(path) was written by a newer version of firn: run that version, or give another directory"
        case .database(let reason): "the job store failed: \(reason)"
        }
    }
}
