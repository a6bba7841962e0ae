import NixFormats

/// `match` and `split`.
///
/// Both run to their end within one step. The memory that matching takes lies outside the heap. It is reserved together
/// with the room for the result.
extension Builtin {
    static let patterns: [Builtin] = [
        .function(
            "match", [.evaluated("regex"), .evaluated("string")], since: "1.8",
            "What the groups of an extended regular expression match, or `null` unless it matches the whole string.",
            early: { $0.checkPattern() }
        ) { $0.matchWhole() },
        .function(
            "split", [.evaluated("regex"), .evaluated("string")], since: "2.0",
            "The parts of a string between the matches of a regular expression, and between them lists of its groups.",
            early: { $0.checkPattern() }
        ) { $0.split() },
    ]
}

extension Interpreter {
    /// Checks, before the second argument is forced, that the first one is a valid pattern. The result is false, and
    /// `failure` is set, if it is not.
    fileprivate func checkPattern() -> Bool {
        guard let source = expectPlainString(0) else { return false }
        // The cache does not keep long patterns, so they would be compiled twice: they are checked when they are used.
        if source.count > RegexCache.longestCached { return true }
        return findPattern(source).step != .error
    }

    /// Takes a pattern from the cache, or compiles it. Compiling is charged when the pattern is new, and not again when the
    /// step is run again, because the pattern is in the cache then.
    ///
    /// - Returns: `.next` with the pattern, or the step to answer.
    private func findPattern(_ source: StringRef) -> (step: Step, pattern: RegularExpression?) {
        let bytes = ByteView(source.bytes)
        if let pattern = machine.patterns.cached(bytes) { return (.next, pattern) }
        let mark = fuelMark
        let kept = machine.patterns.byteCount
        var meter = makeMeter()
        do throws(RegexError) {
            let pattern = try machine.patterns.compile(bytes, &meter)
            settle(meter)
            countPatterns(machine.patterns.byteCount - kept)
            return (.next, pattern)
        } catch {
            let shown = { Array(" regular expression '".utf8) + bytes.excerpt + Array("'".utf8) }
            switch error {
            case .stopped(let stop): return (stopped(stop, meter, since: mark), nil)
            case .invalid:
                settle(meter)
                return (fail(.value, bytes: Array("invalid".utf8) + shown()), nil)
            case .tooLarge:
                settle(meter)
                return (fail(.memoryExceeded, bytes: Array("memory limit exceeded by".utf8) + shown()), nil)
            }
        }
    }

    /// Counts by how many bytes the cache of patterns has grown, or shrunk if the number is negative.
    private func countPatterns(_ bytes: Int) {
        if bytes > 0 { countOutsideHeap(bytes) } else { machine.store.byteCount += bytes }
    }

    /// Takes the pattern of the first argument, charges for a match, and calls `body` with the text of the second argument.
    ///
    /// - Parameter body: performs the match, and settles the meter before anything else is charged. Its last parameter
    ///   is the fuel mark for a step that must run again; compiling a pattern that is not cached is then charged again.
    private func matching(
        _ body: (RegularExpression, UnsafeBufferPointer<UInt8>, inout WorkMeter, Int) throws(WorkStop) -> Step
    ) -> Step {
        guard let source = expectPlainString(0), let text = expectString(1) else { return .error }
        var mark = fuelMark
        let (step, found) = findPattern(source)
        guard step == .next, let pattern = found else { return step }
        if source.count <= RegexCache.longestCached { mark = fuelMark }
        guard charge(1 + source.count / 64) else { return .error }
        var meter = makeMeter()
        do throws(WorkStop) {
            return try body(pattern, text.bytes, &meter, mark)
        } catch {
            return stopped(error, meter, since: mark)
        }
    }

    fileprivate func matchWhole() -> Step {
        matching { (pattern, text, meter, mark) throws(WorkStop) in
            var matcher = try RegexMatcher(pattern, ByteView(text), machine.patterns, &meter)
            let isMatch = try matcher.matchWhole(&meter)
            try matcher.finish(&meter)
            settle(meter)
            let step =
                isMatch ? makeGroups(matcher, pattern.groupCount, text, meter.usedBytes, since: mark) : done(.null)
            matcher.end(&meter)
            return step
        }
    }

    private func makeGroups(
        _ matcher: borrowing RegexMatcher, _ groups: Int, _ text: UnsafeBufferPointer<UInt8>, _ taken: Int,
        since mark: Int
    ) -> Step {
        if groups == 0 { return done(state.pointee.emptyList) }
        guard charge(groups / 4) else { return .error }
        let places = matcher.groups
        var size = Size.list(groups)
        for index in 0..<groups { size += Size.string(max(0, places[2 * index + 1] - places[2 * index])) }
        guard reserve(size, outside: taken) else { return refundIfRetried(.collect, since: mark) }
        let list = makeList(groups)
        for index in 0..<groups {
            guard let part = makePart(text, places[2 * index], places[2 * index + 1]) else { return .error }
            list.object.values[index] = part
        }
        return done(list)
    }

    /// The part of a text between two positions, or the value null if the end is before the start, which is how a group
    /// without a match is represented. The caller has reserved `Size.string`. The result is nil, and `failure` is set, when
    /// the evaluation must stop.
    fileprivate func makePart(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Value? {
        if end < start || end < 0 { return .null }
        if end == start { return state.pointee.emptyString }
        return makeStringCharged(UnsafeBufferPointer(rebasing: text[start..<end]))
    }

    fileprivate func split() -> Step {
        matching { (pattern, text, meter, mark) throws(WorkStop) in
            var splitter = RegexSplitter(pattern, ByteView(text))
            try splitter.findAll(pattern, machine.patterns, &meter)
            settle(meter)
            let matches = splitter.count
            let strings = matches * (pattern.groupCount + 1) + 1
            let size =
                Size.list(2 * matches + 1) + matches * Size.list(pattern.groupCount) + strings * Size.string(0)
                + Size.words(splitter.words)
            guard reserve(size, outside: meter.usedBytes) else { return refundIfRetried(.collect, since: mark) }
            return matches == 0 ? unsplit() : makeParts(splitter, text, pattern.groupCount)
        }
    }

    private func unsplit() -> Step {
        let list = makeList(1)
        list.object.values[0] = argument(1)
        return done(list)
    }

    /// Makes the list of the parts of a text, with a list of the groups of each match between them. The caller has reserved
    /// room for all of it.
    private func makeParts(
        _ splitter: borrowing RegexSplitter, _ text: UnsafeBufferPointer<UInt8>, _ groups: Int
    ) -> Step {
        let matches = splitter.count
        let width = splitter.width
        let list = makeList(2 * matches + 1)
        do throws(WorkStop) {
            try splitter.withPositions { (places) throws(WorkStop) in
                var from = 0
                for match in 0..<matches {
                    let start = Int(places[match * width])
                    guard charge(1 + groups / 4), let part = makePart(text, from, start),
                        let group = makeMatch(places, match * width + 2, groups, text)
                    else { throw .interrupted }
                    list.object.values[2 * match] = part
                    list.object.values[2 * match + 1] = group
                    from = Int(places[match * width + 1])
                }
                guard let part = makePart(text, from, text.count) else { throw .interrupted }
                list.object.values[2 * matches] = part
            }
            return done(list)
        } catch {
            return .error
        }
    }

    private func makeMatch(
        _ places: UnsafeBufferPointer<UInt32>, _ first: Int, _ groups: Int, _ text: UnsafeBufferPointer<UInt8>
    ) -> Value? {
        let list = makeList(groups)
        for index in 0..<groups {
            let start = places[first + 2 * index]
            if start == RegexSplitter.absent {
                list.object.values[index] = .null
            } else {
                guard let part = makePart(text, Int(start), Int(places[first + 2 * index + 1])) else { return nil }
                list.object.values[index] = part
            }
        }
        return list
    }
}
