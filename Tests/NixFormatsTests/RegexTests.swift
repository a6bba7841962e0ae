import Testing

@testable import NixFormats

/// The results of patterns, and the resources for matching.
@Suite struct RegexTests {
    private func compile(
        _ pattern: String, byteLimit: Int = .max, budget: TestBudget = TestBudget()
    ) throws -> RegularExpression {
        try [UInt8](pattern).withView { source in
            try budget.run(byteLimit: byteLimit) { meter in try RegexCompiler.compile(source, &meter) }.result
        }
    }

    /// The groups of a match of the whole text, `-` for one that took no part; nil if there is no match.
    private func groups(
        _ pattern: String, _ text: String, byteLimit: Int = .max, budget: TestBudget = TestBudget()
    ) throws -> [String]? {
        let pattern = try compile(pattern)
        let bytes = [UInt8](text)
        return try bytes.withView { view in
            try budget.run(byteLimit: byteLimit) { meter in
                var matcher = try RegexMatcher(pattern, view, RegexCache(), &meter)
                let isMatch = try matcher.matchWhole(&meter)
                try matcher.finish(&meter)
                if !isMatch { return nil }
                return (0..<pattern.groupCount).map { index in
                    let (start, end) = matcher.group(index)
                    return end < 0 ? "-" : String(decoding: bytes[start..<end], as: UTF8.self)
                }
            }.result
        }
    }

    /// The parts of a text between matches.
    private func parts(_ pattern: String, _ text: String) throws -> [String] {
        let pattern = try compile(pattern)
        let bytes = [UInt8](text)
        return try bytes.withView { view in
            try TestBudget().run { meter in
                var splitter = RegexSplitter(pattern, view)
                try splitter.findAll(pattern, RegexCache(), &meter)
                var parts: [String] = []
                try unsafe splitter.withPositions { positions in
                    var from = 0
                    for match in 0..<splitter.count {
                        let start = unsafe Int(positions[match * splitter.width])
                        parts.append(String(decoding: bytes[from..<start], as: UTF8.self))
                        from = unsafe Int(positions[match * splitter.width + 1])
                    }
                    parts.append(String(decoding: bytes[from...], as: UTF8.self))
                }
                return parts
            }.result
        }
    }

    @Test func matchesWhole() throws {
        #expect(try groups("([a-z]+)-([0-9]+)(x)?", "abc-12") == ["abc", "12", "-"])
        #expect(try groups("(a|ab)(c|bcd)(d*)", "abcd") == ["a", "bcd", ""])
        #expect(try groups("a.c", "abd") == nil)
        #expect(try groups("", "") == [])
    }

    @Test func splits() throws {
        #expect(try parts("[ ,]+", "a, b,c") == ["a", "b", "c"])
        #expect(try parts("x*", "axb") == ["", "a", "", "b", ""])
        #expect(try parts("z", "abc") == ["abc"])
    }

    /// A run gives back bytes until the rest of the pattern matches, however long it is.
    @Test func runsGiveBack() throws {
        for length in [0, 1, 4_094, 4_095, 4_096, 4_097, 8_191, 8_192, 20_000] {
            let text = "x" + String(repeating: "a", count: length)
            #expect(try groups("(.*)x(.*)", text)?[0] == "")
            #expect(try groups("(.*)[x-z](a*)", text)?[1].utf8.count == length)
            #expect(try groups("(.*)(x|y)a*", text)?[1] == "x")
            #expect(try groups("(.*)y.*", text) == nil)
        }
    }

    /// The results with and without the table are the same.
    @Test func needsTheTable() throws {
        let text = String(repeating: "a", count: 2_000)
        #expect(try groups("(a*)*b", text) == nil)
        #expect(try groups("(a*)*b?", text) == [""])
        #expect(try groups("((a?){20}a{20}){3}", String(repeating: "a", count: 100)) != nil)
    }

    @Test(arguments: ["*", "(", "a)", "a{2", "a{3,1}", "[z-a]", "[[:none:]]", "\\a", "[a"])
    func refuses(_ pattern: String) {
        #expect(throws: RegexError.self) { try compile(pattern) }
    }

    /// The states are counted like in libstdc++.
    @Test func refusesTooManyStates() {
        #expect {
            try compile("(a{1000}){1000}")
        } throws: { error in
            if case .tooLarge? = error as? RegexError { true } else { false }
        }
    }

    /// Any budget that is too small stops the match. The total charge does not depend on where it is stopped.
    @Test func stopsWithinItsBudget() throws {
        let text = String(repeating: "a", count: 20_000)
        let whole = TestBudget()
        _ = try groups("(a|aa)+b", text, budget: whole)
        for units in [0, 1, whole.granted / 2, whole.granted - TestBudget.grant] {
            #expect(throws: WorkStop.interrupted) { try groups("(a|aa)+b", text, budget: TestBudget(units)) }
        }
    }

    /// The deadline is checked for each grant, however much work remains.
    @Test func looksAtTheDeadlineForEverySlice() throws {
        let budget = TestBudget()
        _ = try groups("(a*)*b", String(repeating: "a", count: 50_000), budget: budget)
        #expect(budget.polls >= budget.granted / TestBudget.grant)
        #expect(budget.polls > 2)
    }

    /// The memory of the table is refused before it is allocated, and the error says how much is needed.
    @Test func countsItsTable() throws {
        let text = String(repeating: "a", count: 100_000)
        #expect {
            try groups("(a*)*b", text, byteLimit: 1 << 14)
        } throws: { error in
            if case .needsMemory(let bytes)? = error as? WorkStop { bytes > 1 << 14 } else { false }
        }
    }

    /// A long pattern without branches does work at every position of the text.
    @Test func chargesForChainsWithoutBranches() throws {
        let pattern = try compile("a{5000}b")
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 10_000)
        let used = try bytes.withView { view in
            try TestBudget().run { meter in
                var splitter = RegexSplitter(pattern, view)
                try splitter.findAll(pattern, RegexCache(), &meter)
            }.units
        }
        // A unit stands for 64 bytes.
        #expect(used >= 5_000 * 5_000 / 64)
    }

    /// A set is looked up without searching all sets.
    @Test func chargesForSetsAndBrackets() throws {
        let source = (0..<2_000).map { "[a-z\($0 % 10)\($0 / 10 % 10)\($0 / 100)]" }.joined()
        let budget = TestBudget()
        _ = try compile(source, budget: budget)
        #expect(budget.granted >= source.utf8.count / 4)
        #expect(throws: RegexError.self) { try compile(source, byteLimit: 1_000) }
        #expect(throws: RegexError.self) { try compile(source, budget: TestBudget(100)) }
    }

    /// The cached patterns are bounded, and their size is reported.
    @Test func storeIsBounded() throws {
        let store = RegexCache()
        for number in 0..<40 {
            let source = [UInt8]("(a{200}){200}\(number)")
            try source.withView { view in
                #expect(store.cached(view) == nil)
                let taken = try TestBudget().run { meter in try store.compile(view, &meter) }.taken
                #expect(taken == 0)
                #expect(store.cached(view) != nil)
            }
            #expect(store.byteCount > 40_000 * 20)
            #expect(store.byteCount <= 8 << 20)
        }
        let long = [UInt8](repeating: UInt8(ascii: "a"), count: RegexCache.longestCached + 1)
        let before = store.byteCount
        try long.withView { view in
            _ = try TestBudget().run { meter in try store.compile(view, &meter) }
            #expect(store.cached(view) == nil)
        }
        #expect(store.byteCount == before)
    }
}
