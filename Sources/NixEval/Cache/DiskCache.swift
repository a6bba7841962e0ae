import Glibc
import NixBytecode
import NixStore
import NixVM

/// A cache of compiled programs in a file, keyed by the contents of their sources, so that a second run need not parse.
///
/// A program is verified when it is written, and has a checksum with a key that only the user can read, so it need not be
/// verified again. Several processes can share a cache. What is incomplete, damaged or from another version is ignored and
/// replaced. When the programs exceed the limit, those that have not been used for the longest time are removed.
public final class DiskCache {
    /// The digest of everything that a program depends on.
    struct Key: Equatable {
        let bytes: [UInt8]

        /// - Parameter source: the key of the source.
        init(_ source: ProgramCache.Key) {
            var text = DiskCache.versions
            text.append(source.variant)
            text.append(source.scopeNames == nil ? 0 : 1)
            for name in source.scopeNames ?? [] { text += Array("\(name.count):".utf8) + name }
            text.append(UInt8(ascii: "\n"))
            text += source.digest
            bytes = Hash(of: text, .sha256).bytes
        }

        /// The key with the bytes of another one.
        init(bytes: [UInt8]) { self.bytes = bytes }

        /// The bucket of the cache file.
        var bucket: Int { Int(bytes[0]) << 6 | Int(bytes[1]) >> 2 }
        /// 24 bits that tell keys of a bucket apart.
        var tag: UInt64 { UInt64(bytes[2]) << 16 | UInt64(bytes[3]) << 8 | UInt64(bytes[4]) }
    }

    /// The versions of the format, the compiler and the evaluator, and the names that the compiler treats as global.
    private static let versions: [UInt8] = {
        let names = Machine.globalNames.sorted { $0.lexicographicallyPrecedes($1) }.joined(separator: [0])
        let text =
            "\(ProgramFormat.version).\(ProgramFormat.compilerVersion).\(LinkedProgram.version).\(Evaluator.version)"
        return Array(text.utf8) + Hash(of: Array(names), .sha256).bytes
    }()

    /// The smallest source in bytes that is cached. Compiling a smaller one is faster than reading its program.
    public static let smallestSource = 128

    /// The default limit in bytes: about ten times the programs of a large package set.
    public static let defaultBytes = 512 << 20

    private let folder: CacheFolder
    /// The most bytes of all programs.
    public let maximumBytes: Int
    /// The file, after the first look for it; nil inside if there is none.
    private var file: CacheFile??
    /// The programs to be written after the evaluation.
    private var missing: [(key: Key, make: (CancellationCheck) -> Program?)] = []

    /// A function that is called with the bytes that making a program takes; true cancels the making.
    typealias CancellationCheck = (@Sendable (_ bytes: Int) -> Bool)?

    /// The memory that writing or reading a program takes, as an approximate multiple of its source's or program's size.
    static let copies = 4

    /// - Parameters:
    ///   - directory: the directory, which is created at the first write.
    ///   - maximumBytes: the most bytes of all programs.
    public init(directory: String, maximumBytes: Int = DiskCache.defaultBytes) {
        folder = CacheFolder(path: directory + "/programs")
        self.maximumBytes = maximumBytes
    }

    /// The program with a key; nil if it is absent or damaged.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - limit: the most bytes; a larger program is not read.
    func program(_ key: Key, limit: Int) -> LinkedProgram? { openFile()?.program(key, limit: limit) }

    /// Schedules a program to be written by `store`.
    func add(_ key: Key, _ make: @escaping (CancellationCheck) -> Program?) { missing.append((key, make)) }

    /// Writes the scheduled programs. Those that cannot be written, or would take more than `room` bytes of memory, are
    /// dropped.
    func store(room: Int, shouldCancel: CancellationCheck) {
        let scheduled = missing
        missing = []
        var batch: [(key: Key, bytes: [UInt8])] = []
        var batchBytes = 0
        for (key, make) in scheduled {
            guard let program = make(shouldCancel), program.memoryBytes <= room / Self.copies,
                let bytes = Self.linked(program, shouldCancel), bytes.count <= maximumBytes / 4
            else { continue }
            batch.append((key, bytes))
            batchBytes += bytes.count + CacheFile.entryHeader
            guard batchBytes >= Self.batchBytes else { continue }
            guard write(batch, batchBytes) else { return }
            batch = []
            batchBytes = 0
        }
        if !batch.isEmpty || openFile()?.uses.isEmpty == false { _ = write(batch, batchBytes) }
    }

    /// The bytes of programs that are collected before they are written.
    private static let batchBytes = 1 << 20

    /// The bytes of a program with its index; nil if it is not valid, which no compiled program is.
    private static func linked(_ program: Program, _ shouldCancel: CancellationCheck) -> [UInt8]? {
        guard (try? program.verify(shouldCancel: shouldCancel)) != nil else { return nil }
        return try? LinkedProgram.bytes(linking: program)
    }

    private func openFile() -> CacheFile? {
        if let file { return file }
        let found = folder.checksum().flatMap { CacheFile(folder.entriesPath, $0) }
        file = .some(found)
        return found
    }

    /// Writes programs of `bytes` bytes, and which ones were used.
    ///
    /// - Returns: whether they could be written.
    private func write(_ programs: [(key: Key, bytes: [UInt8])], _ bytes: Int) -> Bool {
        guard folder.make() else { return false }
        return folder.locked {
            guard let current = current(), let file = bounded(current, adding: bytes) else { return nil }
            self.file = file
            file.writeUses()
            return file.append(programs)
        } ?? false
    }

    /// The file that now has the name, or a new one. The folder is locked.
    private func current() -> CacheFile? {
        guard let checksum = folder.makeChecksum() else { return nil }
        if let known = openFile(), known.checksum == checksum,
            known.file.identity == OwnedFile.identity(of: folder.entriesPath)
        {
            return known
        }
        if let found = CacheFile(folder.entriesPath, checksum) { return found }
        folder.removeOldFormat()
        unsafe unlink(folder.newEntriesPath)
        return CacheFile(creating: folder.newEntriesPath, checksum).flatMap(takingName)
    }

    /// The file if its programs and the bytes to be added are within the limit; otherwise one with those programs that were
    /// used last. The folder is locked.
    private func bounded(_ file: CacheFile, adding bytes: Int) -> CacheFile? {
        guard file.byteCount - CacheFile.entriesStart + bytes > maximumBytes else { return file }
        file.writeUses()
        unsafe unlink(folder.newEntriesPath)
        let copy = file.copyLastUsed(to: folder.newEntriesPath, room: max(0, maximumBytes / 4 * 3 - bytes))
        guard let copy else {
            // A disk that has no room for the copy has it back.
            unsafe unlink(folder.newEntriesPath)
            return nil
        }
        return takingName(copy)
    }

    /// Gives a new file the name of the one that is used.
    private func takingName(_ file: CacheFile) -> CacheFile? {
        unsafe rename(folder.newEntriesPath, folder.entriesPath) == 0 ? file : nil
    }
}

extension DiskCache {
    /// The folder of the file.
    public var directory: String { folder.path }

    /// The number of programs and their size in bytes.
    public func usage() -> (programs: Int, bytes: Int) {
        guard let file = openFile() else { return (0, 0) }
        return (file.usedSlots().count, file.byteCount - CacheFile.entriesStart)
    }

    /// Removes all programs.
    ///
    /// - Returns: their number.
    public func clear() -> Int {
        guard folder.isOwn else { return 0 }
        return folder.locked {
            file = nil
            let count = usage().programs
            file = nil
            folder.removeOldFormat()
            unsafe unlink(folder.newEntriesPath)
            return unsafe unlink(folder.entriesPath) == 0 ? count : 0
        } ?? 0
    }
}
