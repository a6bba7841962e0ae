import Glibc
import Synchronization

/// Overlays another `EvalIO` with the store objects of one evaluation, as if their store paths existed.
///
/// Paths into objects are resolved here component by component, so that symbolic links in them are relative to the
/// store path.
public final class StoreView: EvalIO {
    public let base: any EvalIO
    private let shared: SharedObjects

    /// The objects, which several views can show.
    private final class SharedObjects: Sendable {
        let byPath = Mutex<[[UInt8]: StoreObject]>([:])
    }

    public init(_ base: any EvalIO) {
        self.base = base
        shared = SharedObjects()
    }

    /// Overlays another `EvalIO` with the objects of a view, those that are added later included.
    public init(_ base: any EvalIO, sharingObjectsOf view: StoreView) {
        self.base = base
        shared = view.shared
    }

    /// Makes a store path readable. If there is an object for it already, that is kept.
    ///
    /// - Returns: the bytes that are kept for the path; 0 if it was known.
    public func add(_ path: [UInt8], _ object: StoreObject) -> Int {
        shared.byPath.withLock { objects in
            if objects[path] != nil { return 0 }
            objects[path] = object
            return object.byteCount + path.count
        }
    }

    /// All objects with their store paths, sorted by path.
    package var objects: [(path: [UInt8], object: StoreObject)] {
        shared.byPath.withLock { objects in objects.map { ($0.key, $0.value) } }
            .sorted { $0.path.lexicographicallyPrecedes($1.path) }
    }

    /// Removes all objects.
    public func removeAll() { shared.byPath.withLock { $0 = [:] } }

    /// The object of a store path; nil if this evaluation did not create it.
    public func object(_ path: [UInt8]) -> StoreObject? { shared.byPath.withLock { $0[path] } }

    private enum Resolved {
        /// The path is not in an object. It may still contain symbolic links.
        case outside([UInt8])
        /// The path is in an object: where it is read from, and the path below the store path, without symbolic links
        /// except for the last component.
        case inside(any EvalIO, at: [UInt8], type: FileType, StoreObject, path: [UInt8])
        case missing
    }

    /// Resolves a path.
    private func find(_ path: [UInt8], _ resolution: SymlinkResolution) throws(EvalIOError) -> Resolved {
        // Each step of the resolution copies the path up to it, so its time is quadratic in the length. A path that no
        // system call accepts is therefore refused first.
        guard path.count <= CanonPath.maximumLength else {
            throw EvalIOError(errno: ENAMETOOLONG, path: path, action: "getting status of")
        }
        var path = path
        var linksLeft = LocalIO.maximumLinks
        while true {
            guard let top = StorePath.top(of: path), let object = object(top) else { return .outside(path) }
            switch try step(path, top: top, object, resolution) {
            case .resolved(let resolved): return resolved
            case .again(let next):
                linksLeft -= 1
                if linksLeft < 0 { throw EvalIOError(.tooManyLinks, path: path) }
                path = next
            }
        }
    }

    private enum Step {
        case resolved(Resolved)
        /// A symbolic link was followed to this path.
        case again([UInt8])
    }

    private func step(
        _ path: [UInt8], top: [UInt8], _ object: StoreObject, _ resolution: SymlinkResolution
    ) throws(EvalIOError) -> Step {
        let components = CanonPath.components(Array(path[top.count...]))
        for count in 0...components.count {
            let walked = components[..<count]
            guard let location = object.path(walked), let type = try object.io.fileType(location) else {
                return .resolved(.missing)
            }
            let isLast = count == components.count
            if type == .symlink, !(isLast && resolution == .ancestors) {
                let here = walked.reduce(top) { $0 + [CanonPath.slash] + $1 }
                let target = CanonPath.absolute(
                    try object.io.readLink(location), relativeTo: CanonPath.parent(of: here))
                return .again(
                    CanonPath.canonicalize(components[count...].reduce(target) { $0 + [CanonPath.slash] + $1 }))
            }
            if isLast { return .resolved(.inside(object.io, at: location, type: type, object, path: path)) }
            if type != .directory { return .resolved(.missing) }
        }
        return .resolved(.missing)
    }

    public func readFile(_ path: [UInt8], limit: Int) throws(EvalIOError) -> [UInt8] {
        switch try find(path, .full) {
        case .outside(let path): return try base.readFile(path, limit: limit)
        case .missing: throw EvalIOError(.notFound, path: path)
        case .inside(let io, let location, _, _, _):
            do throws(EvalIOError) {
                return try io.readFile(location, limit: limit)
            } catch {
                throw EvalIOError(error.kind, path: path, action: error.action)
            }
        }
    }

    public func identity(_ path: [UInt8]) -> FileIdentity? {
        guard case .outside(let path) = try? find(path, .full) else { return nil }
        return base.identity(path)
    }

    public func streamFile(
        _ path: [UInt8], begin: (FileProperties) -> Void, piece: (UnsafeRawBufferPointer) -> Bool
    ) throws(EvalIOError) {
        switch try find(path, .ancestors) {
        case .outside(let path): unsafe try base.streamFile(path, begin: begin, piece: piece)
        case .missing: throw EvalIOError(.notFound, path: path)
        case .inside(let io, let location, _, _, _): unsafe try io.streamFile(location, begin: begin, piece: piece)
        }
    }

    public func readDirectory(_ path: [UInt8]) throws(EvalIOError) -> [DirectoryEntry] {
        switch try find(path, .full) {
        case .outside(let path): return try base.readDirectory(path)
        case .missing: throw EvalIOError(.notFound, path: path)
        case .inside(let io, let location, let type, let object, _):
            guard type == .directory else { throw EvalIOError(.notADirectory, path: path) }
            let entries = try io.readDirectory(location)
            guard let accepted = object.accepted else { return entries }
            let prefix = location == [CanonPath.slash] ? location : location + [CanonPath.slash]
            return entries.filter { accepted.contains(prefix + $0.name) }
        }
    }

    public func fileType(_ path: [UInt8]) throws(EvalIOError) -> FileType? {
        if path.count > CanonPath.maximumLength { return nil }
        switch try find(path, .ancestors) {
        case .outside(let path): return try base.fileType(path)
        case .missing: return nil
        case .inside(_, _, let type, _, _): return type
        }
    }

    public func readLink(_ path: [UInt8]) throws(EvalIOError) -> [UInt8] {
        switch try find(path, .ancestors) {
        case .outside(let path): return try base.readLink(path)
        case .missing: throw EvalIOError(.notFound, path: path)
        case .inside(let io, let location, let type, _, _):
            guard type == .symlink else { throw EvalIOError(.notASymlink, path: path) }
            return try io.readLink(location)
        }
    }

    public func resolveSymlinks(_ path: [UInt8], _ resolution: SymlinkResolution) throws(EvalIOError) -> [UInt8] {
        switch try find(path, resolution) {
        case .outside(let path): try base.resolveSymlinks(path, resolution)
        case .missing: path
        case .inside(_, _, _, _, let path): path
        }
    }

    public var isPure: Bool { base.isPure }
    public var hasFixedContents: Bool { base.hasFixedContents }
    public func environmentVariable(_ name: [UInt8]) -> [UInt8]? { base.environmentVariable(name) }
    public var homeDirectory: [UInt8]? { base.homeDirectory }
    public func currentTime() -> Int64? { base.currentTime() }
    public func modificationTime(_ path: [UInt8]) throws(EvalIOError) -> Int64 {
        switch try find(path, .ancestors) {
        case .outside(let path): try base.modificationTime(path)
        case .missing, .inside: 0
        }
    }
    public func run(
        _ command: Command, output: (UnsafeRawBufferPointer) -> Bool
    ) throws(CommandError) { unsafe try base.run(command, output: output) }
}
