import Glibc
import NixBytecode
import NixStore
import NixVM

/// Compiled programs in files, by the content of their sources, so that a second run does not parse.
///
/// A file is written beside its place and renamed into it, so that many processes may use one folder at once. One that
/// was cut, changed or made by another version is ignored and replaced. When files take more than the bound, those that
/// were not used for the longest go.
public final class DiskCache {
    /// Everything that a program depends on besides the evaluator's own version.
    struct Key: Hashable {
        let digest: [UInt8]

        /// - Parameter source: that of a source.
        init(_ source: ProgramCache.Key) {
            var text = DiskCache.versions
            text.append(source.variant)
            text.append(source.scopeNames == nil ? 0 : 1)
            for name in source.scopeNames ?? [] { text += Array("\(name.count):".utf8) + name }
            text.append(UInt8(ascii: "\n"))
            text += source.digest
            digest = Hash(of: text, .sha256).bytes
        }

        /// Below the cache's folder: files are spread over 256 folders.
        var path: String {
            let hex = Base16.encode(digest)
            return String(decoding: hex[..<2], as: UTF8.self) + "/" + String(decoding: hex[2...], as: UTF8.self)
        }
    }

    /// Versions of format and compiler, and the names that the compiler takes for global.
    private static let versions: [UInt8] = {
        let names = Machine.globalNames.sorted { $0.lexicographicallyPrecedes($1) }.joined(separator: [0])
        let text = "\(ProgramFormat.version).\(ProgramFormat.compilerVersion).\(Evaluator.version)"
        return Array(text.utf8) + Hash(of: Array(names), .sha256).bytes
    }()

    /// Sources that take fewer bytes are compiled sooner than their file is read.
    public static let smallestSource = 1024

    /// The default bound: some ten times what a large package set needs.
    public static let defaultBytes = 512 << 20

    let folder: CacheFolder
    /// Bytes that all files together may take.
    public let maximumBytes: Int
    /// What is to be written when the evaluation is over.
    private var missing: [(key: Key, make: (StopCondition) -> Program?)] = []

    /// Asked with the bytes that making a program takes; true ends it.
    typealias StopCondition = (@Sendable (_ bytes: Int) -> Bool)?

    /// How many times as much as a source or program the making and reading of its file take, about.
    static let copies = 4

    /// - Parameters:
    ///   - directory: made when something is written to it.
    ///   - maximumBytes: of all files.
    public init(directory: String, maximumBytes: Int = DiskCache.defaultBytes) {
        folder = CacheFolder(path: directory + "/programs")
        self.maximumBytes = maximumBytes
    }

    /// The program with a key, if it is there and whole.
    ///
    /// - Parameter limit: in bytes; a larger file is not read.
    func program(_ key: Key, limit: Int) -> IndexedProgram? {
        guard let bytes = folder.read(key.path, limit: limit) else { return nil }
        return try? IndexedProgram(bytes)
    }

    /// Keeps a program to be written by `store`.
    func add(_ key: Key, _ make: @escaping (StopCondition) -> Program?) { missing.append((key, make)) }

    func remove(_ key: Key) { folder.remove(key.path) }

    /// Writes what was added. What cannot be written, or not within `room` bytes, is left out.
    func store(room: Int, mustStop: StopCondition) {
        var mayBeFull = false
        for (key, make) in missing {
            guard let program = make(mustStop), program.memoryBytes <= room / Self.copies,
                let bytes = try? IndexedProgram.bytes(of: program)
            else { continue }
            guard folder.write(bytes, to: key.path) else { break }
            // To look at every file takes time: one write in sixteen does it.
            mayBeFull = mayBeFull || (key.digest.last ?? 0) < 16
        }
        missing = []
        if mayBeFull { folder.trim(to: maximumBytes) }
    }
}

extension DiskCache {
    /// Where the files lie.
    public var directory: String { folder.path }

    /// Number and bytes of the files.
    public func usage() -> (files: Int, bytes: Int) {
        let files = folder.files()
        return (files.count, files.reduce(0) { $0 + $1.bytes })
    }

    /// Removes every file.
    ///
    /// - Returns: how many.
    public func clear() -> Int {
        let files = folder.files()
        for file in files { folder.remove(file.path) }
        return files.count
    }
}
