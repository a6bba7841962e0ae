import Glibc
import Synchronization

/// Another `EvalIO` with the store objects of one evaluation over it: their store paths are read as if they were there.
///
/// Paths in objects are walked here, component by component, so that links in them count from the store path.
public final class StoreView: EvalIO {
    public let base: any EvalIO
    private let objects = Mutex<[[UInt8]: StoreObject]>([:])

    public init(_ base: any EvalIO) { self.base = base }

    /// Lets a store path be read; one that is known stays. Gives the bytes that are kept for it.
    public func add(_ path: [UInt8], _ object: StoreObject) -> Int {
        objects.withLock { objects in
            if objects[path] != nil { return 0 }
            objects[path] = object
            return object.byteCount + path.count
        }
    }

    /// Forgets all objects. Those that were read through this view held it.
    public func removeAll() { objects.withLock { $0 = [:] } }

    /// What a store path holds; nil when this evaluation did not make it.
    public func object(_ path: [UInt8]) -> StoreObject? { objects.withLock { $0[path] } }

    private enum Place {
        /// Not in an object: the whole path, still with links.
        case outside([UInt8])
        /// In an object: where it is read, and the path below the store path, without links but for the last component.
        case inside(any EvalIO, at: [UInt8], type: FileType, StoreObject, path: [UInt8])
        case missing
    }

    /// Finds a path. One that is longer than any file's is refused before it is taken apart: the steps of a walk, each
    /// with a path of its own, would take time in proportion to the square of its length.
    private func find(_ path: [UInt8], _ resolution: SymlinkResolution) throws(EvalIOError) -> Place {
        guard path.count <= CanonPath.maximumLength else {
            throw EvalIOError(errno: ENAMETOOLONG, path: path, action: "getting status of")
        }
        var path = path
        var linksLeft = LocalIO.maximumLinks
        while true {
            guard let top = StorePath.top(of: path), let object = object(top) else { return .outside(path) }
            switch try step(path, top: top, object, resolution) {
            case .place(let place): return place
            case .again(let next):
                linksLeft -= 1
                if linksLeft < 0 { throw EvalIOError(.tooManyLinks, path: path) }
                path = next
            }
        }
    }

    private enum Walked {
        case place(Place)
        /// A link was followed.
        case again([UInt8])
    }

    private func step(
        _ path: [UInt8], top: [UInt8], _ object: StoreObject, _ resolution: SymlinkResolution
    ) throws(EvalIOError) -> Walked {
        let components = CanonPath.components(Array(path[top.count...]))
        for count in 0...components.count {
            let walked = components[..<count]
            guard let place = object.place(walked), let type = try object.io.fileType(place) else {
                return .place(.missing)
            }
            let isLast = count == components.count
            if type == .symlink, !(isLast && resolution == .ancestors) {
                let here = walked.reduce(top) { $0 + [CanonPath.slash] + $1 }
                let target = CanonPath.absolute(
                    try object.io.readLink(place), relativeTo: CanonPath.parent(of: here))
                return .again(
                    CanonPath.canonicalize(components[count...].reduce(target) { $0 + [CanonPath.slash] + $1 }))
            }
            if isLast { return .place(.inside(object.io, at: place, type: type, object, path: path)) }
            if type != .directory { return .place(.missing) }
        }
        return .place(.missing)
    }

    public func readFile(_ path: [UInt8], limit: Int) throws(EvalIOError) -> [UInt8] {
        switch try find(path, .full) {
        case .outside(let path): return try base.readFile(path, limit: limit)
        case .missing: throw EvalIOError(.notFound, path: path)
        case .inside(let io, let place, _, _, _):
            do throws(EvalIOError) {
                return try io.readFile(place, limit: limit)
            } catch {
                throw EvalIOError(error.kind, path: path, action: error.action)
            }
        }
    }

    public func streamFile(
        _ path: [UInt8], begin: (FileFacts) -> Void, piece: (UnsafeRawBufferPointer) -> Bool
    ) throws(EvalIOError) {
        switch try find(path, .ancestors) {
        case .outside(let path): unsafe try base.streamFile(path, begin: begin, piece: piece)
        case .missing: throw EvalIOError(.notFound, path: path)
        case .inside(let io, let place, _, _, _): unsafe try io.streamFile(place, begin: begin, piece: piece)
        }
    }

    public func readDirectory(_ path: [UInt8]) throws(EvalIOError) -> [DirectoryEntry] {
        switch try find(path, .full) {
        case .outside(let path): return try base.readDirectory(path)
        case .missing: throw EvalIOError(.notFound, path: path)
        case .inside(let io, let place, let type, let object, _):
            guard type == .directory else { throw EvalIOError(.notADirectory, path: path) }
            let entries = try io.readDirectory(place)
            guard let accepted = object.accepted else { return entries }
            let prefix = place == [CanonPath.slash] ? place : place + [CanonPath.slash]
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
        case .inside(let io, let place, let type, _, _):
            guard type == .symlink else { throw EvalIOError(.notASymlink, path: path) }
            return try io.readLink(place)
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
