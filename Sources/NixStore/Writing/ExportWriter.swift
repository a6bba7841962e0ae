import CPlatform
import Glibc

/// Writes objects as the stream that `nix-store --import` reads.
///
/// For each object the stream has the number 1, the NAR, the mark `exportMark`, the store path, the number of references
/// and the references, the path of the derivation that built it (here always empty), and the number 0 for no signature.
/// The number 0 ends the stream. Numbers and texts are encoded as in a NAR.
///
/// A regular file gets its name when the stream is complete and on disk. Where the file system can do so, it has none
/// before: then nothing is left behind whatever happens, and the file is in no source that is read meanwhile. Standard output and pipes receive the stream
/// while it is made; one that breaks off lacks its end, and the importer says so.
public final class ExportWriter: StoreWriter {
    private enum Target {
        /// A new file, which will replace the one at `path`. It may have no name yet.
        case file(temporary: [UInt8], isNamed: Bool, path: [UInt8])
        case stream
    }

    private let target: Target
    /// The name in messages.
    private let name: [UInt8]
    private var descriptor: Int32
    private var buffer: [UInt8] = []
    /// The first error of the system.
    private var failure: SystemError?
    private var isFinished = false

    private static let bufferBytes = 1 << 16
    /// The number in front of an object's metadata.
    private static let exportMark: UInt64 = 0x4558_494E

    public var byteCount: Int { Self.bufferBytes }

    /// Begins a stream in a file, whose directory exists.
    public init(file path: [UInt8]) throws(StoreWriteError) {
        name = path
        let resolved = (try? LocalIO().resolveSymlinks(path, .full)) ?? path
        let status = try? DescriptorHandle.status(at: AT_FDCWD, resolved)
        let isFile = status.map { $0.fileType == .regular } ?? true
        if isFile {
            let parent = CanonPath.parent(of: resolved)
            let temporary = parent + [CanonPath.slash] + FileTree.temporaryName()
            descriptor = unsafe firn_nameless_file(parent.cPath, 0o666)
            let isNamed = descriptor < 0
            if isNamed {
                let flags = O_WRONLY | O_CLOEXEC | O_CREAT | O_EXCL | O_NOFOLLOW
                descriptor = unsafe open(temporary.cPath, flags, 0o666)
            }
            target = .file(temporary: temporary, isNamed: isNamed, path: resolved)
        } else {
            target = .stream
            descriptor = unsafe open(resolved.cPath, O_WRONLY | O_CLOEXEC | O_NOCTTY)
        }
        if descriptor < 0 { throw Self.error(name, SystemError(code: errno)) }
        buffer.reserveCapacity(Self.bufferBytes)
    }

    /// Begins a stream on standard output.
    public init(standardOutput: Void) throws(StoreWriteError) {
        name = Array("standard output".utf8)
        target = .stream
        descriptor = fcntl(1, F_DUPFD_CLOEXEC, 3)
        if descriptor < 0 { throw Self.error(name, SystemError(code: errno)) }
        buffer.reserveCapacity(Self.bufferBytes)
    }

    deinit { abandon() }

    public func add(_ addition: StoreAddition, isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        append(number: 1)
        do throws(StoreWriteError) {
            _ = try addition.writeVerified(to: ExportSink(writer: self), isStopped: isStopped)
        } catch {
            throw failure.map { Self.error(name, $0) } ?? error
        }
        var trailer = WireWriter()
        trailer.number(Self.exportMark)
        trailer.text(addition.path)
        trailer.texts(addition.object.references)
        trailer.text([])
        trailer.number(0)
        buffer += trailer.bytes
        try check()
    }

    public func flush(isStopped: @escaping () -> Bool) throws(StoreWriteError) {}

    public func finish(isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        append(number: 0)
        send()
        try check()
        defer { abandon() }
        do throws(SystemError) {
            guard case .file(let temporary, let isNamed, let path) = target else { return }
            _ = try retrying { fsync(descriptor) }
            if !isNamed {
                let own = Array("/proc/self/fd/\(descriptor)".utf8)
                _ = try retrying {
                    unsafe linkat(AT_FDCWD, own.cPath, AT_FDCWD, temporary.cPath, AT_SYMLINK_FOLLOW)
                }
            }
            _ = try retrying { unsafe rename(temporary.cPath, path.cPath) }
            isFinished = true
        } catch {
            throw Self.error(name, error)
        }
    }

    public func abandon() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
        if case .file(let temporary, _, _) = target, !isFinished { unsafe unlink(temporary.cPath) }
        isFinished = true
    }

    public func addRoot(
        _ link: [UInt8], to path: [UInt8], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) {
        throw StoreWriteError(
            "cannot make the garbage collector root ", link,
            ": an exported stream is in no store yet; make the root where it is imported")
    }

    /// Appends bytes of the stream. Returns false if the stream cannot be written.
    fileprivate func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        unsafe buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferBytes { send() }
        return failure == nil
    }

    private func append(number: UInt64) {
        var writer = WireWriter()
        writer.number(number)
        buffer += writer.bytes
    }

    private func send() {
        defer { buffer.removeAll(keepingCapacity: true) }
        if failure != nil { return }
        let descriptor = descriptor
        failure = unsafe buffer.withUnsafeBytes { bytes in
            do throws(SystemError) {
                unsafe try FileTree.write(bytes, to: descriptor)
                return nil
            } catch {
                return error
            }
        }
    }

    private func check() throws(StoreWriteError) {
        if let failure { throw Self.error(name, failure) }
    }

    private static func error(_ name: [UInt8], _ error: SystemError) -> StoreWriteError {
        StoreWriteError("cannot write the export ", name, ": \(error.reason); nothing of it is kept")
    }
}

/// Appends an archive to the stream.
private struct ExportSink: NarSink {
    let writer: ExportWriter

    func write(_ bytes: UnsafeRawBufferPointer) -> Bool { unsafe writer.append(bytes) }
}
