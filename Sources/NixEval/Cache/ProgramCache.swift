import NixBytecode
import NixCompiler
import NixStore

/// A cache of analysed sources and verified programs, keyed by their contents: importing the same file in the next job
/// costs only a hash. Entries do not contain the name or directory of a source, so it does not matter which job added
/// them.
///
/// There are two generations with half of the limit each. A used entry moves to the young generation; when that is
/// full, it replaces the old one. Entries that are not used for a while are thereby dropped, without an ordered list.
final class ProgramCache {
    /// Everything that an entry depends on, except for the version of the compiler, which is the same in the whole
    /// process.
    struct Key: Hashable {
        let digest: [UInt8]
        let variant: UInt8
        let scopeNames: [[UInt8]]?

        /// The key of an analysed source; nil if the evaluation was stopped while the source was hashed.
        init?(
            source: [UInt8], pipeOperators: Bool, delaysLikeNix: Bool, scope: GlobalScope, scopeNames: [[UInt8]]?,
            isStopped: () -> Bool
        ) {
            guard let hash = Hash(of: source, .sha256, isStopped: isStopped) else { return nil }
            digest = hash.bytes
            variant = scope.number << 3 | (delaysLikeNix ? 4 : 0) | (pipeOperators ? 1 : 0)
            self.scopeNames = scopeNames
        }

        /// The key of a verified program; nil if the evaluation was stopped while the program was hashed.
        init?(encoded: [UInt8], isStopped: () -> Bool) {
            guard let hash = Hash(of: encoded, .sha256, isStopped: isStopped) else { return nil }
            digest = hash.bytes
            variant = 2
            scopeNames = nil
        }
    }

    private enum Entry {
        case source(AnalysedSource)
        case program(Program)
        case linked(LinkedProgram)
    }

    /// An entry and the bytes that it takes.
    private struct Sized {
        var entry: Entry
        var bytes: Int
    }

    private let generationBytes: Int
    private var young: [Key: Sized] = [:]
    private var old: [Key: Sized] = [:]
    private var youngBytes = 0

    /// - Parameter maximumBytes: an approximate limit on the bytes of all entries; 0 disables the cache.
    init(maximumBytes: Int) { generationBytes = maximumBytes / 2 }

    func source(_ key: Key) -> AnalysedSource? {
        guard case .source(let source) = entry(key)?.entry else { return nil }
        return source
    }

    /// A program and the bytes that it takes.
    func program(_ key: Key) -> (program: Program, bytes: Int)? {
        guard let known = entry(key), case .program(let program) = known.entry else { return nil }
        return (program, known.bytes)
    }

    /// The program of a source that was read from the disk cache.
    func linked(_ key: Key) -> LinkedProgram? {
        guard case .linked(let program) = entry(key)?.entry else { return nil }
        return program
    }

    func insert(_ program: LinkedProgram, _ key: Key) {
        insert(Sized(entry: .linked(program), bytes: program.memoryBytes), key)
    }

    func insert(_ source: AnalysedSource, _ key: Key) {
        insert(Sized(entry: .source(source), bytes: source.memoryBytes), key)
    }

    func insert(_ program: Program, bytes: Int, _ key: Key) {
        insert(Sized(entry: .program(program), bytes: bytes), key)
    }

    private func entry(_ key: Key) -> Sized? {
        if let entry = young[key] { return entry }
        guard let entry = old.removeValue(forKey: key) else { return nil }
        insert(entry, key)
        return entry
    }

    private func insert(_ entry: Sized, _ key: Key) {
        guard entry.bytes <= generationBytes else { return }
        if youngBytes + entry.bytes > generationBytes {
            old = young
            young = [:]
            youngBytes = 0
        }
        if young.updateValue(entry, forKey: key) == nil { youngBytes += entry.bytes }
    }
}
