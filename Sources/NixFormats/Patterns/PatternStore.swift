/// The patterns a machine has compiled, and room for matching short texts.
///
/// What it keeps is bounded: when all patterns together have more than `nodeLimit` nodes, all are dropped.
package final class PatternStore {
    package init() {}

    private struct Entry {
        var source: [UInt8]
        var pattern: Pattern
    }

    private static let nodeLimit = 400_000
    private static let scratchSize = 1 << 15
    private static let recentCount = 64

    /// Room that needs no heap, for matches that begin and end within one step.
    package let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: PatternStore.scratchSize, alignment: 16)
    private var known: [[UInt8]: Pattern] = [:]
    private var recent = [Entry?](repeating: nil, count: PatternStore.recentCount)
    private var nodeCount = 0

    deinit { scratch.deallocate() }

    /// The pattern, compiled when it is new.
    package func pattern(_ source: UnsafeBufferPointer<UInt8>) throws(PatternError) -> Pattern {
        let place = PatternStore.place(source)
        if let entry = recent[place], entry.source.count == source.count,
            entry.source.withUnsafeBufferPointer({ $0.elementsEqual(source) })
        {
            return entry.pattern
        }
        let key = Array(source)
        let pattern: Pattern
        if let old = known[key] { pattern = old } else { pattern = try compile(key) }
        recent[place] = Entry(source: key, pattern: pattern)
        return pattern
    }

    private func compile(_ source: [UInt8]) throws(PatternError) -> Pattern {
        let pattern = try source.withUnsafeBufferPointer { (bytes) throws(PatternError) in
            try PatternCompiler.compile(bytes)
        }
        nodeCount += pattern.nodeCount
        if nodeCount > PatternStore.nodeLimit {
            known = [:]
            recent = [Entry?](repeating: nil, count: PatternStore.recentCount)
            nodeCount = pattern.nodeCount
        }
        known[source] = pattern
        return pattern
    }

    /// Where a pattern is kept among the recent ones: patterns that are used in turn seldom share it.
    private static func place(_ source: UnsafeBufferPointer<UInt8>) -> Int {
        var hash = UInt(truncatingIfNeeded: source.count)
        for index in stride(from: 0, to: source.count, by: 1 + source.count / 16) {
            hash = hash &* 31 &+ UInt(source[index])
        }
        return Int((hash ^ hash &>> 6) % UInt(recentCount))
    }
}
