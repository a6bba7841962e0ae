import Testing

@testable import NixFormats

/// Matching charges work that is linear in the text, even where pure backtracking takes exponential or quadratic work.
@Suite struct RegexLinearityTests {
    /// A pattern, and a text of about the given length that is hard for it.
    struct Hard: Sendable, CustomTestStringConvertible {
        let pattern: String
        let text: @Sendable (_ count: Int) -> String

        var testDescription: String { pattern }
    }

    private static func repeated(_ unit: String, end: String = "") -> @Sendable (Int) -> String {
        { count in String(repeating: unit, count: count / unit.utf8.count) + end }
    }

    static let all: [Hard] = [
        // Exponential for pure backtracking: nested loops, and overlapping alternatives.
        Hard(pattern: "(a*)*b", text: repeated("a")),
        Hard(pattern: "(a+)+b", text: repeated("a")),
        Hard(pattern: "(a|aa)+b", text: repeated("a")),
        Hard(pattern: "(a|a)*b", text: repeated("a")),
        Hard(pattern: "((a*)*)*b", text: repeated("a")),
        Hard(pattern: "(a?a?)*b", text: repeated("a")),
        Hard(pattern: "(x+x+)+y", text: repeated("x")),
        Hard(pattern: "([a-z]+)*=", text: repeated("word", end: "!")),
        Hard(pattern: "(.*)*x(.*)*y", text: repeated("abc")),
        Hard(pattern: "((ab)*|(ab)+)*c", text: repeated("ab")),
        Hard(pattern: "(a{1,3}){1,}b", text: repeated("a")),
        // Quadratic or worse for pure backtracking: consecutive loops.
        Hard(pattern: ".*.*.*x", text: repeated("a")),
        Hard(pattern: "a*a*a*a*b", text: repeated("a")),
        Hard(pattern: "(.*),(.*),(.*);", text: repeated("a,")),
        Hard(pattern: "[^\"]*\"[^\"]*\"[^\"]*x", text: repeated("ab\"")),
        Hard(pattern: "(.*)([0-9]+)(.*)!", text: repeated("12 ")),
        // Linear for any matcher.
        Hard(pattern: "a*", text: repeated("a")),
        Hard(pattern: "(a|b|c)*", text: repeated("abc")),
        Hard(pattern: "([a-z]+ )*[a-z]*", text: repeated("word ")),
        Hard(pattern: "(.*)/([^/]*)", text: repeated("dir/", end: "file")),
        Hard(pattern: "[[:space:]]*([^[:space:]]+[[:space:]]*)*", text: repeated("a  b ")),
        Hard(pattern: "(([0-9]+)\\.)*([0-9]+)", text: repeated("12.", end: "3")),
        Hard(pattern: "x*y*z*", text: repeated("xxyyzz")),
    ]

    /// The fuel in units for matching a text.
    private func units(_ pattern: RegularExpression, _ text: String) throws -> Int {
        let bytes = Array(text.utf8)
        let store = RegexCache()
        return try bytes.withView { view in
            try TestBudget().run { meter in
                var matcher = try RegexMatcher(pattern, view, store, &meter)
                _ = try matcher.matchWhole(&meter)
                try matcher.finish(&meter)
            }.units
        }
    }

    @Test(arguments: all) func doublesWithTheText(_ hard: Hard) throws {
        let source = Array(hard.pattern.utf8)
        let pattern = try source.withView { source in
            try TestBudget().run { meter in try RegexCompiler.compile(source, &meter) }.result
        }
        let counts = try [3_000, 6_000, 12_000].map { try units(pattern, hard.text($0)) }
        for (shorter, longer) in zip(counts, counts.dropFirst()) {
            // A small part does not depend on the length.
            #expect(longer <= 2 * shorter + 1_000, "\(counts) units for twice the text each")
        }
        #expect(counts[2] <= 100 * 12_000)
    }
}
