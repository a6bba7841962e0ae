import Glibc
import NixBytecode
import NixStore
import NixVM

/// A cache of compiled programs in files, keyed by the contents of their sources, so that a second run need not parse.
///
/// Files are written under a temporary name and renamed, so that several processes can share a folder. Files that are
/// incomplete, damaged or from another version are ignored and replaced. When the files exceed the limit, the least
/// recently used ones are removed.
public final class DiskCache {
    /// The digest of everything that a program depends on.
    struct Key: Hashable {
        let digest: [UInt8]

        /// - Parameter source: the key of the source.
        init(_ source: ProgramCache.Key) {
            var text = DiskCache.versions
            text.append(source.variant)
            text.append(source.scopeNames == nil ? 0 : 1)
            for name in source.scopeNames ?? [] { text += Array("\(name.count):".utf8) + name }
            text.append(UInt8(ascii: "\n"))
            text += source.digest
            digest = Hash(of: text, .sha256).bytes
        }

        init(digest: [UInt8]) { self.digest = digest }

        /// The path relative to the cache's folder. Files are distributed to 256 subfolders.
        var path: String {
            let hex = Base16.encode(digest)
            return String(decoding: hex[..<2], as: UTF8.self) + "/" + String(decoding: hex[2...], as: UTF8.self)
        }
    }

    /// The versions of the format, the compiler and the evaluator, and the names that the compiler treats as global.
    private static let versions: [UInt8] = {
        let names = Machine.globalNames.sorted { $0.lexicographicallyPrecedes($1) }.joined(separator: [0])
        let text = "\(ProgramFormat.version).\(ProgramFormat.compilerVersion).\(Evaluator.version)"
        return Array(text.utf8) + Hash(of: Array(names), .sha256).bytes
    }()

    /// The smallest source in bytes that is cached. Compiling a smaller one is faster than reading a file.
    public static let smallestSource = 1024

    /// The default limit in bytes: about ten times the programs of a large package set.
    public static let defaultBytes = 512 << 20

    let folder: CacheFolder
    /// The most bytes of all files.
    public let maximumBytes: Int
    /// The programs to be written after the evaluation.
    private var missing: [(key: Key, make: (CancellationCheck) -> Program?)] = []

    /// A function that is called with the bytes that making a program takes; true cancels the making.
    typealias CancellationCheck = (@Sendable (_ bytes: Int) -> Bool)?

    /// The memory that writing or reading a file takes, as an approximate multiple of its source's or program's size.
    static let copies = 4

    /// - Parameters:
    ///   - directory: the directory, which is created at the first write.
    ///   - maximumBytes: the most bytes of all files.
    public init(directory: String, maximumBytes: Int = DiskCache.defaultBytes) {
        folder = CacheFolder(path: directory + "/programs")
        self.maximumBytes = maximumBytes
    }

    /// The program with a key; nil if it is absent or damaged.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - limit: the most bytes; a larger file is not read.
    func program(_ key: Key, limit: Int) -> IndexedProgram? {
        guard let bytes = folder.read(key.path, limit: limit) else { return nil }
        return try? IndexedProgram(bytes)
    }

    /// Schedules a program to be written by `store`.
    func add(_ key: Key, _ make: @escaping (CancellationCheck) -> Program?) { missing.append((key, make)) }

    func remove(_ key: Key) { folder.remove(key.path) }

    /// Writes the scheduled programs. Those that cannot be written, or would take more than `room` bytes of memory, are
    /// dropped.
    func store(room: Int, shouldCancel: CancellationCheck) {
        var mayBeFull = false
        for (key, make) in missing {
            guard let program = make(shouldCancel), program.memoryBytes <= room / Self.copies,
                let bytes = try? IndexedProgram.bytes(of: program)
            else { continue }
            guard folder.write(bytes, to: key.path) else { break }
            // Listing all files takes time, so only one write in sixteen does it.
            mayBeFull = mayBeFull || (key.digest.last ?? 0) < 16
        }
        missing = []
        if mayBeFull { folder.trim(to: maximumBytes) }
    }
}

extension DiskCache {
    /// The folder of the files.
    public var directory: String { folder.path }

    /// The number of files and their size in bytes.
    public func usage() -> (files: Int, bytes: Int) {
        let files = folder.files()
        return (files.count, files.reduce(0) { $0 + $1.bytes })
    }

    /// Removes all files.
    ///
    /// - Returns: their number.
    public func clear() -> Int {
        let files = folder.files()
        for file in files { folder.remove(file.path) }
        return files.count
    }
}
