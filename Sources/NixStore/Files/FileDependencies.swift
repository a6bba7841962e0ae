import Glibc

/// What an evaluation has seen of the file system and the environment. As long as all of it is still so, the evaluation
/// would go the same way again.
public struct FileDependencies: Sendable, Equatable {
    /// What a path was.
    public enum Kind: Sendable, Equatable {
        case absent
        case directory
        /// A symbolic link with its target.
        case link([UInt8])
        case regular
        case other
    }

    /// What was seen of a path.
    public struct Entry: Sendable, Equatable {
        public var kind: Kind
        /// The identity of a file that was read or of a directory whose entries were; nil if only the kind matters.
        public var identity: FileIdentity?
        /// The SHA-256 of a file that was read, if contents are compared; nil otherwise.
        public var digest: [UInt8]?

        public init(kind: Kind, identity: FileIdentity? = nil, digest: [UInt8]? = nil) {
            self.kind = kind
            self.identity = identity
            self.digest = digest
        }
    }

    /// The paths, as they were looked at component by component.
    public var files: [ByteKey: Entry] = [:]
    /// The environment variables that were asked for.
    public var variables: [ByteKey: [UInt8]?] = [:]
    /// The home directory, if it was asked for.
    public var home: [UInt8]??

    public init() {}

    /// A path or variable that is no longer as it was seen, in words; nil if there is none.
    ///
    /// - Parameter io: gives access to the environment.
    public func change(_ io: any EvalIO) -> String? {
        for (path, entry) in files where Self.current(path.bytes, like: entry) != entry {
            return "'\(String(decoding: path.bytes, as: UTF8.self))' has changed"
        }
        for (name, value) in variables where io.environmentVariable(name.bytes) != value {
            return "the environment variable \(String(decoding: name.bytes, as: UTF8.self)) has changed"
        }
        if let home, io.homeDirectory != home { return "the home directory has changed" }
        return nil
    }

    /// What can be seen of a path now, in the detail of an earlier entry; nil if it cannot be looked at.
    private static func current(_ path: [UInt8], like entry: Entry) -> Entry? {
        guard var now = look(path) else { return nil }
        if let digest = entry.digest {
            // The contents decide, whatever the times are.
            now.digest = Self.digest(path)
            now.identity = now.digest == digest ? entry.identity : now.identity
        } else if entry.identity == nil {
            now.identity = nil
        }
        return now
    }

    /// What can be seen of a path without following it, with its identity; nil if it cannot be looked at.
    static func look(_ path: [UInt8]) -> Entry? {
        do {
            let status = try DescriptorHandle.status(at: AT_FDCWD, path)
            let identity = FileIdentity(status)
            switch status.fileType {
            case .directory: return Entry(kind: .directory, identity: identity)
            case .regular: return Entry(kind: .regular, identity: identity)
            case .symlink: return Entry(kind: .link(try DescriptorHandle.readLink(at: AT_FDCWD, path)))
            default: return Entry(kind: .other)
            }
        } catch {
            return [ENOENT, ENOTDIR, ENAMETOOLONG].contains(error.code) ? Entry(kind: .absent) : nil
        }
    }

    /// The SHA-256 of a file; nil if it cannot be read.
    static func digest(_ path: [UInt8]) -> [UInt8]? {
        guard let contents = try? LocalIO().readFile(path) else { return nil }
        return Hash(of: contents, .sha256).bytes
    }
}
