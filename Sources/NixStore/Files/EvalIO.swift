/// The type of a directory entry, with the names of `builtins.readDir`.
public enum FileType: String, Sendable {
    case regular
    case directory
    case symlink
    /// A FIFO, socket or device.
    case unknown
}

/// An entry of a directory.
public struct DirectoryEntry: Sendable, Equatable {
    /// The name without the directory.
    public var name: [UInt8]
    /// The type of the entry itself. Symbolic links are not followed.
    public var type: FileType

    public init(name: [UInt8], type: FileType) {
        self.name = name
        self.type = type
    }
}

/// The properties of a file that an archive contains besides the contents.
public struct FileProperties: Sendable, Equatable {
    /// The size in bytes.
    public var size: Int
    /// Whether the owner may execute the file.
    public var isExecutable: Bool

    public init(size: Int, isExecutable: Bool) {
        self.size = size
        self.isExecutable = isExecutable
    }
}

/// Which symbolic links `resolveSymlinks` follows.
public enum SymlinkResolution: Sendable {
    /// Those in all components.
    case full
    /// Those in all components but the last.
    case ancestors
}

/// The evaluator's only access to the outside world.
///
/// Paths are bytes in canonical form (`CanonPath.canonicalize`), as in Nix. Implementations do not cache anything.
public protocol EvalIO: Sendable {
    /// Whether the evaluation is pure: without environment, clock and home directory.
    var isPure: Bool { get }

    /// Whether everything readable is immutable during the evaluation and has fixed names. A pure evaluation may then
    /// read it without a hash.
    var hasFixedContents: Bool { get }

    /// Reads a regular file. Symbolic links are followed.
    ///
    /// - Parameters:
    ///   - path: the path of the file.
    ///   - limit: the most bytes; a larger file is a `tooLarge` error. The implementation may have a lower limit.
    /// - Returns: the contents.
    func readFile(_ path: [UInt8], limit: Int) throws(EvalIOError) -> [UInt8]

    /// The entries of a directory without `.` and `..`, sorted by the bytes of their names. Symbolic links to the
    /// directory are followed, those in it are not.
    func readDirectory(_ path: [UInt8]) throws(EvalIOError) -> [DirectoryEntry]

    /// The type of a path; nil if it does not exist. A symbolic link as the last component is not followed.
    func fileType(_ path: [UInt8]) throws(EvalIOError) -> FileType?

    /// The target of a symbolic link as it is stored.
    func readLink(_ path: [UInt8]) throws(EvalIOError) -> [UInt8]

    /// The canonical path without symbolic links. Components that do not exist are kept.
    func resolveSymlinks(_ path: [UInt8], _ resolution: SymlinkResolution) throws(EvalIOError) -> [UInt8]

    /// Reads a regular file in pieces, so that its size does not matter. A symbolic link as the last component is not
    /// followed.
    ///
    /// - Parameters:
    ///   - path: the path of the file.
    ///   - begin: called once before the first piece.
    ///   - piece: called with the pieces in order, which are only valid during the call. Returning false stops.
    /// - Throws: also if the size of the file differs from that passed to `begin`.
    func streamFile(
        _ path: [UInt8], begin: (FileProperties) -> Void, piece: (UnsafeRawBufferPointer) -> Bool
    ) throws(EvalIOError)

    /// The identity of a regular file that `readFile` would read; nil if there is none, if it may not be read, or if the
    /// implementation does not know when a file changes. Symbolic links are followed.
    func identity(_ path: [UInt8]) -> FileIdentity?

    /// The modification time in seconds since 1970. Symbolic links are not followed. It is 0 if evaluations must not
    /// depend on modification times.
    func modificationTime(_ path: [UInt8]) throws(EvalIOError) -> Int64

    /// Runs a program on this machine, if that is allowed.
    ///
    /// - Parameters:
    ///   - command: the program and its arguments.
    ///   - output: called with the output in pieces, in order, which are only valid during the call. Returning false
    ///     ends the program.
    func run(_ command: Command, output: (UnsafeRawBufferPointer) -> Bool) throws(CommandError)

    /// The value of an environment variable; nil if it is not set or if the evaluation is pure.
    func environmentVariable(_ name: [UInt8]) -> [UInt8]?

    /// The directory of `~/`; nil if the evaluation is pure.
    var homeDirectory: [UInt8]? { get }

    /// Seconds since 1970, for `builtins.currentTime`; nil if the evaluation is pure.
    func currentTime() -> Int64?
}

extension EvalIO {
    public var hasFixedContents: Bool { false }

    public func identity(_ path: [UInt8]) -> FileIdentity? { nil }

    public func modificationTime(_ path: [UInt8]) throws(EvalIOError) -> Int64 { 0 }

    public func run(
        _ command: Command, output: (UnsafeRawBufferPointer) -> Bool
    ) throws(CommandError) { throw .notAllowed }

    /// Reads a file with the implementation's own limit.
    public func readFile(_ path: [UInt8]) throws(EvalIOError) -> [UInt8] {
        try readFile(path, limit: .max)
    }

    /// The result of `builtins.pathExists`; also false for paths that may not be read.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - mustBeDirectory: whether the path was written with a trailing `/` or `/.`. Symbolic links are then followed,
    ///     and the path must be a directory. Otherwise a dangling link exists.
    public func pathExists(_ path: [UInt8], mustBeDirectory: Bool = false) throws(EvalIOError) -> Bool {
        do {
            guard mustBeDirectory else { return try fileType(path) != nil }
            return try fileType(resolveSymlinks(path, .full)) == .directory
        } catch {
            if error.kind == .outsideRoots { return false }
            throw error
        }
    }

    /// The file that `import path` reads. A symbolic link as the last component is followed, so that relative paths in
    /// the file are relative to its real location; `default.nix` is appended to a directory.
    public func resolveImport(_ path: [UInt8]) throws(EvalIOError) -> [UInt8] {
        var current = path
        var followed = 0
        while current != [CanonPath.slash] {
            followed += 1
            // The limit in Nix's `resolveExprPath`.
            if followed >= 1024 { throw EvalIOError(.tooManyLinks, path: path) }
            guard let type = try fileType(current) else { throw EvalIOError(.notFound, path: current) }
            if type != .symlink {
                guard type == .directory else { return current }
                break
            }
            current = CanonPath.absolute(try readLink(current), relativeTo: CanonPath.parent(of: current))
        }
        return CanonPath.absolute(Array("default.nix".utf8), relativeTo: current)
    }
}
