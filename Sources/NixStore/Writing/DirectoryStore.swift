import CPlatform
import Glibc

/// A store that is a directory and nothing else: an object is in it if its name is there, so nothing may get its name
/// before it is complete and on disk. No database says what refers to what; Nix does not take the objects for valid.
///
/// Objects are built under temporary names beside their own. Waiting for the disk takes a thousand times longer than
/// building a derivation, so many objects are built before all of them are written out and renamed, in the order in
/// which they were added. Of several processes that add an object at the same time, the first gives it its name, and
/// the others drop theirs, which is the same.
public final class DirectoryStore: StoreWriter {
    private let path: [UInt8]
    private let directory: DescriptorHandle
    /// The objects that are built and have no names yet.
    private var built: [(temporary: [UInt8], name: [UInt8])] = []

    /// The objects that are built before they are renamed.
    private static let batchSize = 1024
    /// The bytes of two names with their arrays.
    private static let nameBytes = 256

    /// Opens a directory, which is created if it does not exist.
    ///
    /// - Parameter path: where objects are, which for a store below another root is not the directory in their paths.
    public init(_ path: [UInt8]) throws(StoreWriteError) {
        self.path = path
        do throws(SystemError) {
            try FileTree.makeDirectories(path)
            directory = try DescriptorHandle.open(path, directory: true)
        } catch {
            throw StoreWriteError("cannot open the store ", path, ": \(error.reason)")
        }
    }

    deinit { abandon() }

    public var byteCount: Int { built.count * Self.nameBytes }

    public func add(_ addition: StoreAddition, isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        let name = CanonPath.baseName(of: addition.path)
        if exists(name) { return }
        if let source = addition.object.source, source.accepted == nil, CanonPath.isInside(path, source.path) {
            throw StoreWriteError(
                "cannot add ", source.path,
                " to the store in '\(String(decoding: path, as: UTF8.self))', which lies in it; add a part of it, or use a "
                    + "store elsewhere")
        }
        let temporary = FileTree.temporaryName()
        let sink = TreeSink(directory, name: temporary, root: addition.object.root)
        do throws(StoreWriteError) {
            _ = try addition.writeVerified(to: sink, isStopped: isStopped)
            try attempt(addition.path) { () throws(SystemError) in try sink.finish() }
        } catch {
            FileTree.remove(temporary, in: directory)
            throw sink.failure.map { failure(addition.path, $0) } ?? error
        }
        built.append((temporary, name))
        if built.count >= Self.batchSize { try publish(isStopped) }
    }

    public func present(_ paths: [[UInt8]], isStopped: @escaping () -> Bool) throws(StoreWriteError) -> Set<[UInt8]> {
        Set(paths.filter { exists(CanonPath.baseName(of: $0)) })
    }

    public func flush(isStopped: @escaping () -> Bool) throws(StoreWriteError) { try publish(isStopped) }

    public func finish(isStopped: @escaping () -> Bool) throws(StoreWriteError) { try publish(isStopped) }

    public func abandon() {
        for object in built { FileTree.remove(object.temporary, in: directory) }
        built = []
    }

    public func addRoot(
        _ link: [UInt8], to path: [UInt8], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) { try RootLink.make(link, to: path) }

    private func exists(_ name: [UInt8]) -> Bool {
        (try? DescriptorHandle.status(at: directory.descriptor, name)) != nil
    }

    /// Gives all objects that are built their names.
    private func publish(_ isStopped: () -> Bool) throws(StoreWriteError) {
        if built.isEmpty { return }
        try attempt(path) { () throws(SystemError) in _ = try retrying { firn_syncfs(directory.descriptor) } }
        var next = 0
        defer { built.removeFirst(next) }
        while next < built.count {
            if isStopped() { throw .stopped }
            let object = built[next]
            try attempt(path + [CanonPath.slash] + object.name) { () throws(SystemError) in
                try rename(object.temporary, to: object.name)
            }
            next += 1
        }
        try attempt(path) { () throws(SystemError) in _ = try retrying { fsync(directory.descriptor) } }
    }

    private func rename(_ temporary: [UInt8], to name: [UInt8]) throws(SystemError) {
        let descriptor = directory.descriptor
        if unsafe renameat(descriptor, temporary.cPath, descriptor, name.cPath) == 0 { return }
        let code = errno
        // Another process has added the same tree meanwhile. A file is replaced by the same one.
        guard code == EEXIST || code == ENOTEMPTY else { throw SystemError(code: code) }
        FileTree.remove(temporary, in: directory)
    }

    private func attempt(_ path: [UInt8], _ body: () throws(SystemError) -> Void) throws(StoreWriteError) {
        do throws(SystemError) { try body() } catch { throw failure(path, error) }
    }

    private func failure(_ object: [UInt8], _ error: SystemError) -> StoreWriteError {
        let advice =
            switch error.code {
            case ENOSPC, EDQUOT, EFBIG: "; nothing incomplete is kept: make room and run the command again"
            default: ""
            }
        return StoreWriteError(
            "cannot write ", object,
            " to the store in '\(String(decoding: path, as: UTF8.self))': \(error.reason)\(advice)")
    }
}
