import Testing

@testable import NixFormats

/// What patterns match, and what matching may use.
@Suite struct RegexTests {
    private func compile(
        _ pattern: String, room: Int = .max, budget: TestBudget = TestBudget()
    ) throws -> RegularExpression {
        try [UInt8](pattern).withView { source in
            try budget.run(room: room) { meter in try RegexCompiler.compile(source, &meter) }.result
        }
    }

    /// The groups of a whole match, `-` for one that took no part; nil when there is none.
    private func groups(
        _ pattern: String, _ text: String, room: Int = .max, budget: TestBudget = TestBudget()
    ) throws -> [String]? {
        let pattern = try compile(pattern)
        let bytes = [UInt8](text)
        return try bytes.withView { view in
            try budget.run(room: room) { meter in
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
                try unsafe splitter.withPlaces { places in
                    var from = 0
                    for match in 0..<splitter.count {
                        let start = unsafe Int(places[match * splitter.width])
                        parts.append(String(decoding: bytes[from..<start], as: UTF8.self))
                        from = unsafe Int(places[match * splitter.width + 1])
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

    /// A run gives back what it took until what follows it fits, however long it was.
    @Test func runsGiveBack() throws {
        for length in [0, 1, 4_094, 4_095, 4_096, 4_097, 8_191, 8_192, 20_000] {
            let text = "x" + String(repeating: "a", count: length)
            #expect(try groups("(.*)x(.*)", text)?[0] == "")
            #expect(try groups("(.*)[x-z](a*)", text)?[1].utf8.count == length)
            #expect(try groups("(.*)(x|y)a*", text)?[1] == "x")
            #expect(try groups("(.*)y.*", text) == nil)
        }
    }

    /// Where no table is used, and where one is, the answer is the same.
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

    /// States, as libstdc++ counts them.
    @Test func refusesTooManyStates() {
        #expect {
            try compile("(a{1000}){1000}")
        } throws: { error in
            if case .tooLarge? = error as? RegexError { true } else { false }
        }
    }

    /// Every budget that is too small stops the match; what is charged in all does not depend on where it is cut.
    @Test func stopsWithinItsBudget() throws {
        let text = String(repeating: "a", count: 20_000)
        let whole = TestBudget()
        _ = try groups("(a|aa)+b", text, budget: whole)
        for units in [0, 1, whole.granted / 2, whole.granted - TestBudget.grant] {
            #expect(throws: WorkStop.interrupted) { try groups("(a|aa)+b", text, budget: TestBudget(units)) }
        }
    }

    /// The deadline is looked at once for each grant that is used up, however much is to be done.
    @Test func looksAtTheDeadlineForEverySlice() throws {
        let budget = TestBudget()
        _ = try groups("(a*)*b", String(repeating: "a", count: 50_000), budget: budget)
        #expect(budget.polls >= budget.granted / TestBudget.grant)
        #expect(budget.polls > 2)
    }

    /// A table of states times places is refused before it is taken, and says how much is needed.
    @Test func countsItsTable() throws {
        let text = String(repeating: "a", count: 100_000)
        #expect {
            try groups("(a*)*b", text, room: 1 << 14)
        } throws: { error in
            if case .needsRoom(let bytes)? = error as? WorkStop { bytes > 1 << 14 } else { false }
        }
    }

    /// A long pattern without a branch does work at every place of the text.
    @Test func chargesForChainsWithoutBranches() throws {
        let pattern = try compile("a{5000}b")
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 10_000)
        let used = try bytes.withView { view in
            try TestBudget().run { meter in
                var splitter = RegexSplitter(pattern, view)
                try splitter.findAll(pattern, RegexCache(), &meter)
            }.units
        }
        // 64 bytes a unit.
        #expect(used >= 5_000 * 5_000 / 64)
    }

    /// A set is looked for among the sets without a search through all of them.
    @Test func chargesForSetsAndBrackets() throws {
        let source = (0..<2_000).map { "[a-z\($0 % 10)\($0 / 10 % 10)\($0 / 100)]" }.joined()
        let budget = TestBudget()
        _ = try compile(source, budget: budget)
        #expect(budget.granted >= source.utf8.count / 4)
        #expect(throws: RegexError.self) { try compile(source, room: 1_000) }
        #expect(throws: RegexError.self) { try compile(source, budget: TestBudget(100)) }
    }

    /// All patterns together are bounded, and what they take is told.
    @Test func storeIsBounded() throws {
        let store = RegexCache()
        for number in 0..<40 {
            let source = [UInt8]("(a{200}){200}\(number)")
            try source.withView { view in
                #expect(store.known(view) == nil)
                let taken = try TestBudget().run { meter in try store.compile(view, &meter) }.taken
                #expect(taken == 0)
                #expect(store.known(view) != nil)
            }
            #expect(store.byteCount > 40_000 * 20)
            #expect(store.byteCount <= 8 << 20)
        }
        let long = [UInt8](repeating: UInt8(ascii: "a"), count: RegexCache.longestKept + 1)
        let before = store.byteCount
        try long.withView { view in
            _ = try TestBudget().run { meter in try store.compile(view, &meter) }
            #expect(store.known(view) == nil)
        }
        #expect(store.byteCount == before)
    }
}
