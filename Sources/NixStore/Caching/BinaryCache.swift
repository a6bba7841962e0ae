import CPlatform
import Glibc

/// A binary cache in a directory, as `nix copy --from file://DIR` and the option `substituters` read it:
///
///     nix-cache-info        the directory of the store
///     nar/HASH.nar[.xz]     an archive, by the hash of the file
///     HASHPART.narinfo      what the cache says of an object, by the digits in its store path
///
/// An object is in the cache when its narinfo is there. That is written last, under a temporary name, and when all
/// archives are on disk; so a reader never finds an object that is not complete. Of several processes that add an object
/// at the same time, each writes the same.
public final class BinaryCache: StoreWriter {
    private let path: [UInt8]
    private let directory: DescriptorHandle
    private let archives: DescriptorHandle
    private let key: SigningKey?
    private let isCompressed: Bool
    /// Objects whose archives are written and whose narinfo is not.
    private var built: [(name: [UInt8], text: [UInt8])] = []
    private var builtBytes = 0

    /// The objects whose archives are written before their narinfo is.
    private static let batchSize = 1024
    private static let batchBytes = 4 << 20

    /// Opens a cache, which is created if it does not exist.
    ///
    /// - Parameters:
    ///   - path: the directory.
    ///   - key: signs what is added; nil for no signature.
    ///   - isCompressed: whether archives are compressed with xz.
    public init(_ path: [UInt8], key: SigningKey?, isCompressed: Bool) throws(StoreWriteError) {
        self.path = path
        self.key = key
        self.isCompressed = isCompressed
        do throws(SystemError) {
            try FileTree.makeDirectories(path + Array("/nar".utf8))
            directory = try DescriptorHandle.open(path, directory: true)
            archives = try DescriptorHandle.open(path + Array("/nar".utf8), directory: true)
        } catch {
            throw StoreWriteError("cannot open the binary cache ", path, ": \(error.reason)")
        }
        try checkInfo()
    }

    public var byteCount: Int { builtBytes }

    /// Writes what the cache says of itself, unless it is there, and checks for which store it is.
    private func checkInfo() throws(StoreWriteError) {
        let name = Array("nix-cache-info".utf8)
        let line = Array("StoreDir: ".utf8) + StorePath.directory
        if let known = try? LocalIO().readFile(path + [CanonPath.slash] + name, limit: 1 << 16) {
            let isOurs = known.split(separator: UInt8(ascii: "\n")).contains { $0.elementsEqual(line) }
            guard isOurs else {
                throw StoreWriteError("the binary cache ", path, " is one for another store directory than this one")
            }
            return
        }
        try attempt(path) { () throws(SystemError) in
            try Self.put(line + Array("\nWantMassQuery: 1\nPriority: 40\n".utf8), name, directory)
        }
    }

    public func present(_ paths: [[UInt8]], isStopped: @escaping () -> Bool) throws(StoreWriteError) -> Set<[UInt8]> {
        Set(paths.filter { exists(Self.infoName($0)) })
    }

    public func add(_ addition: StoreAddition, isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        let name = Self.infoName(addition.path)
        if exists(name) || built.contains(where: { $0.name == name }) { return }
        let text = try info(addition, try writeArchive(addition, isStopped))
        built.append((name, text))
        builtBytes += name.count + text.count + 64
        if built.count >= Self.batchSize || builtBytes >= Self.batchBytes { try publish(isStopped) }
    }

    public func flush(isStopped: @escaping () -> Bool) throws(StoreWriteError) { try publish(isStopped) }

    public func finish(isStopped: @escaping () -> Bool) throws(StoreWriteError) { try publish(isStopped) }

    public func abandon() { built = [] }

    public func addRoot(
        _ link: [UInt8], to path: [UInt8], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) {
        throw StoreWriteError(
            "cannot make the garbage collector root ", link, ": a binary cache keeps what is in it without roots")
    }

    private static func infoName(_ path: [UInt8]) -> [UInt8] { StorePath.hashPart(path) + Array(".narinfo".utf8) }

    private func exists(_ name: [UInt8]) -> Bool {
        (try? DescriptorHandle.status(at: directory.descriptor, name)) != nil
    }

    /// Where an archive is, and what is to be said of it.
    private struct Archive {
        let url: [UInt8]
        let fileHash: Hash
        let fileSize: Int
        let narHash: Hash
        let narSize: Int
    }

    private func writeArchive(
        _ addition: StoreAddition, _ isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) -> Archive {
        let temporary = FileTree.temporaryName()
        var file: Int32 = -1
        defer {
            if file >= 0 { close(file) }
        }
        var archive: Archive?
        var sink: CacheArchive?
        do throws(StoreWriteError) {
            try attempt(addition.path) { () throws(SystemError) in
                let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
                file = try retrying { unsafe openat(archives.descriptor, temporary.cPath, flags, 0o644) }
                sink = try CacheArchive(descriptor: file, isCompressed: isCompressed)
            }
            guard let sink else { throw .stopped }
            _ = try addition.writeVerified(to: sink, isStopped: isStopped)
            try attempt(addition.path) { () throws(SystemError) in
                let (nar, whole) = try sink.finish()
                let name = whole.text(.nix32) + Array(isCompressed ? ".nar.xz".utf8 : ".nar".utf8)
                let directory = archives.descriptor
                _ = try retrying { unsafe renameat(directory, temporary.cPath, directory, name.cPath) }
                archive = Archive(
                    url: Array("nar/".utf8) + name, fileHash: whole, fileSize: sink.fileSize, narHash: nar,
                    narSize: sink.narSize)
            }
        } catch {
            FileTree.remove(temporary, in: archives)
            throw sink?.failure.map { failure(addition.path, $0) } ?? error
        }
        guard let archive else { throw .stopped }
        return archive
    }

    /// The text of a narinfo. What is signed is the path, the hash and size of the archive, and the references.
    private func info(_ addition: StoreAddition, _ archive: Archive) throws(StoreWriteError) -> [UInt8] {
        let references = addition.object.references
        let narHash = archive.narHash.text(.nix32, withAlgorithm: true)
        var lines: [(String, [UInt8])] = [
            ("StorePath", addition.path), ("URL", archive.url),
            ("Compression", Array(isCompressed ? "xz".utf8 : "none".utf8)),
            ("FileHash", archive.fileHash.text(.nix32, withAlgorithm: true)),
            ("FileSize", Array(String(archive.fileSize).utf8)), ("NarHash", narHash),
            ("NarSize", Array(String(archive.narSize).utf8)),
            (
                "References",
                Array(references.map { CanonPath.baseName(of: $0) }.joined(separator: [UInt8(ascii: " ")]))
            ),
        ]
        if let key {
            let semicolon = [UInt8(ascii: ";")]
            let fingerprint =
                Array("1;".utf8) + addition.path + semicolon + narHash + semicolon
                + Array(String(archive.narSize).utf8) + semicolon + references.joined(separator: [UInt8(ascii: ",")])
            lines.append(("Sig", try key.signature(of: fingerprint)))
        }
        lines.append(("CA", addition.address.text))
        return lines.flatMap { Array("\($0.0): ".utf8) + $0.1 + [UInt8(ascii: "\n")] }
    }

    /// Writes the narinfo of all objects whose archives are written, in the order in which they were added.
    private func publish(_ isStopped: () -> Bool) throws(StoreWriteError) {
        if built.isEmpty { return }
        try attempt(path) { () throws(SystemError) in _ = try retrying { firn_syncfs(directory.descriptor) } }
        for object in built {
            if isStopped() { throw .stopped }
            try attempt(path) { () throws(SystemError) in try Self.put(object.text, object.name, directory) }
        }
        built = []
        builtBytes = 0
        try attempt(path) { () throws(SystemError) in _ = try retrying { fsync(directory.descriptor) } }
    }

    /// Writes a file that gets its name when it is complete.
    private static func put(_ text: [UInt8], _ name: [UInt8], _ directory: DescriptorHandle) throws(SystemError) {
        let temporary = FileTree.temporaryName()
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        let file = try retrying { unsafe openat(directory.descriptor, temporary.cPath, flags, 0o644) }
        defer { close(file) }
        do throws(SystemError) {
            var failure: SystemError?
            unsafe text.withUnsafeBytes { bytes in
                do throws(SystemError) { unsafe try FileTree.write(bytes, to: file) } catch { failure = error }
            }
            if let failure { throw failure }
            let place = directory.descriptor
            _ = try retrying { unsafe renameat(place, temporary.cPath, place, name.cPath) }
        } catch {
            FileTree.remove(temporary, in: directory)
            throw error
        }
    }

    private func attempt(_ path: [UInt8], _ body: () throws(SystemError) -> Void) throws(StoreWriteError) {
        do throws(SystemError) { try body() } catch { throw failure(path, error) }
    }

    private func failure(_ object: [UInt8], _ error: SystemError) -> StoreWriteError {
        StoreWriteError(
            "cannot write ", object,
            " to the binary cache '\(String(decoding: path, as: UTF8.self))': \(error.reason)")
    }
}
