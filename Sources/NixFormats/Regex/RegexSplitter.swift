/// Finds all matches of a pattern in a text, for `split`.
package struct RegexSplitter: ~Copyable {
    /// Marks a group that did not take part in a match, instead of its start.
    package static let absent = UInt32.max

    private let text: ByteView
    private let groupCount: Int
    /// For each match: its start and end, and those of its groups.
    private var positions = Buffer<UInt32>()
    /// The number of matches.
    package private(set) var count = 0
    /// The sum of the sizes of the parts and groups in 8-byte words.
    package private(set) var words = 0

    /// - Parameters:
    ///   - pattern: the compiled pattern.
    ///   - text: the text, of at most `UInt32.max` bytes, which must outlive the splitter.
    package init(_ pattern: RegularExpression, _ text: ByteView) {
        precondition(text.count <= Int(UInt32.max))
        self.text = text
        groupCount = pattern.groupCount
    }

    /// The number of positions for each match.
    package var width: Int { 2 * (groupCount + 1) }

    /// Calls `body` with the positions of all matches. They must not escape from it.
    package func withPositions(_ body: (UnsafeBufferPointer<UInt32>) throws(WorkStop) -> Void) throws(WorkStop) {
        try unsafe positions.withElements { (elements) throws(WorkStop) in try unsafe body(elements) }
    }

    /// Finds all matches.
    ///
    /// - Parameters:
    ///   - pattern: the compiled pattern.
    ///   - store: the cache whose working memory is used.
    ///   - meter: pays for the work and the memory.
    package mutating func findAll(
        _ pattern: RegularExpression, _ store: RegexCache, _ meter: inout WorkMeter
    ) throws(WorkStop) {
        var matcher = try RegexMatcher(pattern, text, store, &meter)
        var last = 0..<0
        while let match = try Self.nextMatch(&matcher, after: last, isFirst: count == 0, text.count, &meter) {
            try note(match, matcher, after: last.upperBound, &meter)
            last = match
        }
        words += Self.words(text.count - last.upperBound)
        try matcher.finish(&meter)
        matcher.end(&meter)
    }

    /// The match after the last one. After an empty match, a non-empty one at the same position comes first.
    private static func nextMatch(
        _ matcher: inout RegexMatcher, after last: Range<Int>, isFirst: Bool, _ end: Int, _ meter: inout WorkMeter
    ) throws(WorkStop) -> Range<Int>? {
        var start = last.upperBound
        if !isFirst, last.isEmpty {
            if start == end { return nil }
            if let end = try matcher.matchNonEmpty(at: start, &meter) { return start..<end }
            start += 1
        }
        return try matcher.search(from: start, &meter)
    }

    private mutating func note(
        _ match: Range<Int>, _ matcher: borrowing RegexMatcher, after last: Int, _ meter: inout WorkMeter
    ) throws(WorkStop) {
        try meter.charge(1 + groupCount / 8)
        count += 1
        words += Self.words(match.lowerBound - last)
        try add(match.lowerBound, match.upperBound, &meter)
        for index in 0..<groupCount {
            let (start, end) = matcher.group(index)
            if end < 0 {
                try add(-1, -1, &meter)
            } else {
                words += Self.words(end - start)
                try add(start, end, &meter)
            }
        }
    }

    private mutating func add(_ start: Int, _ end: Int, _ meter: inout WorkMeter) throws(WorkStop) {
        try positions.append(UInt32(truncatingIfNeeded: start), &meter)
        try positions.append(UInt32(truncatingIfNeeded: end), &meter)
    }

    private static func words(_ bytes: Int) -> Int { (max(0, bytes) + 7) / 8 }
}
