/// What a directory entry is, in the words of `builtins.readDir`.
public enum FileType: String, Sendable {
    case regular
    case directory
    case symlink
    /// A FIFO, socket or device.
    case unknown
}

/// One entry of a directory.
public struct DirectoryEntry: Sendable, Equatable {
    /// The name, without the directory.
    public var name: [UInt8]
    /// The type of the entry itself; a link is not followed.
    public var type: FileType

    public init(name: [UInt8], type: FileType) {
        self.name = name
        self.type = type
    }
}

/// What an archive tells of a file beside its contents.
public struct FileFacts: Sendable, Equatable {
    /// Bytes.
    public var size: Int
    /// Whether its owner may execute it.
    public var isExecutable: Bool

    public init(size: Int, isExecutable: Bool) {
        self.size = size
        self.isExecutable = isExecutable
    }
}

/// Which links `resolveSymlinks` follows.
public enum SymlinkResolution: Sendable {
    /// Those of all components.
    case full
    /// Those of all components but the last.
    case ancestors
}

/// Everything the evaluator reads from outside comes through this.
///
/// Paths are bytes and canonical (`CanonPath.canonicalize`), as Nix paths are. Nothing is remembered between calls.
public protocol EvalIO: Sendable {
    /// Whether the evaluation is pure: no environment, clock or home directory.
    var isPure: Bool { get }

    /// Whether all that can be read is fixed while the evaluation runs and goes by fixed names: then a pure evaluation
    /// may read it without being told its hash.
    var hasFixedContents: Bool { get }

    /// The contents of a regular file; links are followed.
    ///
    /// - Parameter limit: the most bytes to read; a larger file is `tooLarge`. The implementation may have a lower
    ///   limit of its own.
    func readFile(_ path: [UInt8], limit: Int) throws(EvalIOError) -> [UInt8]

    /// The entries of a directory, sorted by the bytes of their names, without `.` and `..`; links are followed to
    /// the directory, not from it.
    func readDirectory(_ path: [UInt8]) throws(EvalIOError) -> [DirectoryEntry]

    /// The type of what lies at a path, nil where nothing does. A link as the last component is not followed.
    func fileType(_ path: [UInt8]) throws(EvalIOError) -> FileType?

    /// The target of the link at `path`, as it is written.
    func readLink(_ path: [UInt8]) throws(EvalIOError) -> [UInt8]

    /// The canonical path without links. Components that do not exist are kept as they are.
    func resolveSymlinks(_ path: [UInt8], _ resolution: SymlinkResolution) throws(EvalIOError) -> [UInt8]

    /// Feeds a regular file in pieces, so that its size does not matter. A link as the last component is not followed.
    ///
    /// - Parameters:
    ///   - begin: called once, before the first piece.
    ///   - piece: called with the bytes in order, valid only for the call; false ends the reading.
    /// - Throws: also when the file turns out longer or shorter than `begin` was told.
    func streamFile(
        _ path: [UInt8], begin: (FileFacts) -> Void, piece: (UnsafeRawBufferPointer) -> Bool
    ) throws(EvalIOError)

    /// When what lies at a path was last changed, in seconds since 1970; a link is not followed. 0 where files have no
    /// time that an evaluation may depend on.
    func modificationTime(_ path: [UInt8]) throws(EvalIOError) -> Int64

    /// Runs a program of this machine, if that is allowed at all.
    ///
    /// - Parameter output: called with what it prints, in order, valid only for the call; false ends the program.
    func run(_ command: Command, output: (UnsafeRawBufferPointer) -> Bool) throws(CommandError)

    /// The value of an environment variable; nil if it is not set, and always when pure.
    func environmentVariable(_ name: [UInt8]) -> [UInt8]?

    /// The directory that `~/` stands for; nil when pure.
    var homeDirectory: [UInt8]? { get }

    /// Seconds since 1970, for `builtins.currentTime`; nil when pure.
    func currentTime() -> Int64?
}

extension EvalIO {
    public var hasFixedContents: Bool { false }

    public func modificationTime(_ path: [UInt8]) throws(EvalIOError) -> Int64 { 0 }

    public func run(
        _ command: Command, output: (UnsafeRawBufferPointer) -> Bool
    ) throws(CommandError) { throw .notAllowed }

    /// `readFile` with the implementation's own limit.
    public func readFile(_ path: [UInt8]) throws(EvalIOError) -> [UInt8] {
        try readFile(path, limit: .max)
    }

    /// What `builtins.pathExists` answers: false also for what may not be read.
    ///
    /// - Parameter mustBeDirectory: the path was written with `/` or `/.` at its end; then links are followed and the
    ///   path must lead to a directory. Otherwise a link that leads nowhere exists.
    public func pathExists(_ path: [UInt8], mustBeDirectory: Bool = false) throws(EvalIOError) -> Bool {
        do {
            guard mustBeDirectory else { return try fileType(path) != nil }
            return try fileType(resolveSymlinks(path, .full)) == .directory
        } catch {
            if error.kind == .outsideRoots { return false }
            throw error
        }
    }

    /// The file that `import path` reads: a link as the last component is followed, so that relative paths in the
    /// file count from where it really lies; `default.nix` is added to a directory.
    public func resolveImport(_ path: [UInt8]) throws(EvalIOError) -> [UInt8] {
        var current = path
        var followed = 0
        while current != [CanonPath.slash] {
            followed += 1
            // Nix's bound (`resolveExprPath`).
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
