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

        /// Of source that is analysed.
        init(source: [UInt8], pipeOperators: Bool, scope: GlobalScope, scopeNames: [[UInt8]]?) {
            digest = Hash(of: source, .sha256).bytes
            variant = scope.number << 2 | (pipeOperators ? 1 : 0)
            self.scopeNames = scopeNames
        }

        /// Of an encoded program that is verified.
        init(encoded: [UInt8]) {
            digest = Hash(of: encoded, .sha256).bytes
            variant = 2
            scopeNames = nil
        }
    }

    private enum Entry {
        case source(AnalysedSource)
        case program(Program)

        var memoryBytes: Int {
            switch self {
            case .source(let source): source.memoryBytes
            case .program(let program): program.memoryBytes
            }
        }
    }

    private let generationBytes: Int
    private var young: [Key: Entry] = [:]
    private var old: [Key: Entry] = [:]
    private var youngBytes = 0

    /// - Parameter maximumBytes: what the entries may take in memory, roughly. 0 keeps none.
    init(maximumBytes: Int) { generationBytes = maximumBytes / 2 }

    func source(_ key: Key) -> AnalysedSource? {
        guard case .source(let source) = entry(key) else { return nil }
        return source
    }

    func program(_ key: Key) -> Program? {
        guard case .program(let program) = entry(key) else { return nil }
        return program
    }

    func insert(_ source: AnalysedSource, _ key: Key) { insert(.source(source), key) }
    func insert(_ program: Program, _ key: Key) { insert(.program(program), key) }

    private func entry(_ key: Key) -> Entry? {
        if let entry = young[key] { return entry }
        guard let entry = old.removeValue(forKey: key) else { return nil }
        insert(entry, key)
        return entry
    }

    private func insert(_ entry: Entry, _ key: Key) {
        let bytes = entry.memoryBytes
        guard bytes <= generationBytes else { return }
        if youngBytes + bytes > generationBytes {
            old = young
            young = [:]
            youngBytes = 0
        }
        if young.updateValue(entry, forKey: key) == nil { youngBytes += bytes }
    }
}

extension Program {
    /// About what it takes in memory: its parts, and the headers of the arrays that hold them.
    fileprivate var memoryBytes: Int {
        let header = 64
        var bytes = 1024 + 4 * (lines?.lineStarts.count ?? 0)
        for symbol in symbols { bytes += symbol.count + header }
        for constant in constants {
            bytes += header
            if case .string(let text) = constant { bytes += text.count }
        }
        for shape in shapes { bytes += header + shape.names.count * 20 }
        for pattern in formals { bytes += header + pattern.formals.count * 72 }
        for chunk in chunks { bytes += 4 * header + chunk.code.count + chunk.instructionSpans.count * 12 }
        return bytes
    }
}
