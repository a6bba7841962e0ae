import Glibc
import Synchronization

/// Passes everything on to another `EvalIO`, and records what was seen. What is recorded of a path is looked at before it
/// is passed on, so a later change is one also if it came before the contents were read.
public final class RecordingIO: EvalIO {
    private let base: any EvalIO
    /// Whether the contents of files are recorded, and not only their times.
    private let recordsContents: Bool
    private let state: Mutex<State>

    private struct State {
        var dependencies: FileDependencies
        /// The paths of which everything is recorded for a use.
        var settled: Set<Settled> = []
        var taint: String?
    }

    private struct Settled: Hashable {
        var path: ByteKey
        var use: Use
    }

    private enum Use: Hashable {
        /// Only the kinds of the path's components matter.
        case kind
        /// What is in the file or directory matters.
        case contents
    }

    /// - Parameters:
    ///   - base: what is read.
    ///   - recordsContents: whether a digest of each file that is read is recorded.
    ///   - known: what was seen before.
    public init(_ base: any EvalIO, recordsContents: Bool, known: FileDependencies = FileDependencies()) {
        self.base = base
        self.recordsContents = recordsContents
        state = Mutex(State(dependencies: known))
    }

    /// What was seen so far.
    public var dependencies: FileDependencies { state.withLock { $0.dependencies } }

    /// Why what was seen does not determine the evaluation; nil if it does.
    public var taint: String? { state.withLock { $0.taint } }

    private func note(_ path: [UInt8], _ use: Use) {
        let key = Settled(path: ByteKey(path), use: use)
        state.withLock { state in
            guard state.settled.insert(key).inserted else { return }
            note(path, use, &state)
        }
    }

    /// Records the components of a path, and those of what symbolic links lead to.
    private func note(_ path: [UInt8], _ use: Use, _ state: inout State) {
        var remaining = Array(CanonPath.components(path).reversed())
        var resolved: [UInt8] = []
        var linksLeft = LocalIO.maximumLinks
        while let component = remaining.popLast() {
            if CanonPath.isDotDot(component) {
                resolved = CanonPath.parent(of: resolved.isEmpty ? [CanonPath.slash] : resolved)
                if resolved == [CanonPath.slash] { resolved = [] }
                continue
            }
            let prefix = resolved + [CanonPath.slash] + component
            let kind = note(component: prefix, remaining.isEmpty ? use : .kind, &state)
            guard case .link(let target)? = kind, linksLeft > 0 else {
                if kind != .directory { return }
                resolved = prefix
                continue
            }
            linksLeft -= 1
            if target.first == CanonPath.slash { resolved = [] }
            remaining.append(contentsOf: CanonPath.components(target).reversed())
        }
    }

    /// Records a path itself, and returns its kind; nil if it cannot be looked at.
    private func note(component path: [UInt8], _ use: Use, _ state: inout State) -> FileDependencies.Kind? {
        let key = ByteKey(path)
        let known = state.dependencies.files[key]
        if let known, use == .kind || known.identity != nil || known.kind != .regular && known.kind != .directory {
            return known.kind
        }
        guard var entry = FileDependencies.look(path) else {
            state.taint = "'\(String(decoding: path, as: UTF8.self))' cannot be looked at"
            return nil
        }
        if let known, known.kind != entry.kind {
            state.taint = "'\(String(decoding: path, as: UTF8.self))' has changed"
        }
        if use == .kind { entry.identity = nil }
        if use == .contents, entry.kind == .other {
            state.taint = "'\(String(decoding: path, as: UTF8.self))' is no file"
        }
        if let identity = entry.identity { complete(&entry, identity, path, &state) }
        state.dependencies.files[key] = entry
        return entry.kind
    }

    private func complete(
        _ entry: inout FileDependencies.Entry, _ identity: FileIdentity, _ path: [UInt8],
        _ state: inout State
    ) {
        if recordsContents, entry.kind == .regular { entry.digest = FileDependencies.digest(path) }
        // Another change could leave the same times.
        if entry.digest == nil, !identity.isSettled {
            state.taint = "'\(String(decoding: path, as: UTF8.self))' has just been changed"
        }
    }

    // MARK: EvalIO

    public var isPure: Bool { base.isPure }

    public var hasFixedContents: Bool { base.hasFixedContents }

    public func readFile(_ path: [UInt8], limit: Int) throws(EvalIOError) -> [UInt8] {
        note(path, .contents)
        return try base.readFile(path, limit: limit)
    }

    public func readDirectory(_ path: [UInt8]) throws(EvalIOError) -> [DirectoryEntry] {
        note(path, .contents)
        return try base.readDirectory(path)
    }

    public func fileType(_ path: [UInt8]) throws(EvalIOError) -> FileType? {
        note(path, .kind)
        return try base.fileType(path)
    }

    public func readLink(_ path: [UInt8]) throws(EvalIOError) -> [UInt8] {
        note(path, .kind)
        return try base.readLink(path)
    }

    public func resolveSymlinks(_ path: [UInt8], _ resolution: SymlinkResolution) throws(EvalIOError) -> [UInt8] {
        note(path, .kind)
        return try base.resolveSymlinks(path, resolution)
    }

    public func streamFile(
        _ path: [UInt8], begin: (FileProperties) -> Void, piece: (UnsafeRawBufferPointer) -> Bool
    ) throws(EvalIOError) {
        note(path, .contents)
        unsafe try base.streamFile(path, begin: begin, piece: piece)
    }

    public func identity(_ path: [UInt8]) -> FileIdentity? {
        note(path, .contents)
        return base.identity(path)
    }

    public func modificationTime(_ path: [UInt8]) throws(EvalIOError) -> Int64 {
        note(path, .contents)
        return try base.modificationTime(path)
    }

    public func run(
        _ command: Command, output: (UnsafeRawBufferPointer) -> Bool
    ) throws(CommandError) {
        state.withLock { $0.taint = "a command was run" }
        unsafe try base.run(command, output: output)
    }

    public func environmentVariable(_ name: [UInt8]) -> [UInt8]? {
        let value = base.environmentVariable(name)
        state.withLock { $0.dependencies.variables[ByteKey(name)] = .some(value) }
        return value
    }

    public var homeDirectory: [UInt8]? {
        let home = base.homeDirectory
        state.withLock { $0.dependencies.home = .some(home) }
        return home
    }

    public func currentTime() -> Int64? { base.currentTime() }
}
