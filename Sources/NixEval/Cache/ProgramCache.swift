import NixBytecode
import NixCompiler
import NixStore

/// Sources that were analysed and programs that were verified before, by their content: an import of the same file in the
/// next job costs a hash. Holds no source, name or directory, so it does not matter whose job came first.
///
/// Two generations of half the bound each: what is used moves to the young one, and when that is full, the old one
/// goes. So what was not used for a while leaves, without a list to keep in order.
final class ProgramCache {
    /// Everything that the program depends on. The compiler's version is that of the process.
    struct Key: Hashable {
        let digest: [UInt8]
        let variant: UInt8
        let scopeNames: [[UInt8]]?

        /// Of source that is analysed; nil when the evaluation was to stop while it was hashed.
        init?(
            source: [UInt8], pipeOperators: Bool, scope: GlobalScope, scopeNames: [[UInt8]]?, isStopped: () -> Bool
        ) {
            guard let hash = Hash(of: source, .sha256, isStopped: isStopped) else { return nil }
            digest = hash.bytes
            variant = scope.number << 2 | (pipeOperators ? 1 : 0)
            self.scopeNames = scopeNames
        }

        /// Of an encoded program that is verified; nil as above.
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

    }

    /// An entry and what it takes in memory.
    private struct Sized {
        var entry: Entry
        var bytes: Int
    }

    private let generationBytes: Int
    private var young: [Key: Sized] = [:]
    private var old: [Key: Sized] = [:]
    private var youngBytes = 0

    /// - Parameter maximumBytes: what the entries may take in memory, roughly. 0 keeps none.
    init(maximumBytes: Int) { generationBytes = maximumBytes / 2 }

    func source(_ key: Key) -> AnalysedSource? {
        guard case .source(let source) = entry(key)?.entry else { return nil }
        return source
    }

    /// A program and what it takes in memory.
    func program(_ key: Key) -> (program: Program, bytes: Int)? {
        guard let known = entry(key), case .program(let program) = known.entry else { return nil }
        return (program, known.bytes)
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
