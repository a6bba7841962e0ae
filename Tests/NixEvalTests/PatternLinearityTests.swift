import Testing

@testable import NixVM

/// Matching takes steps linear in the text, counted: also where a matcher that only backtracks takes exponentially or
/// quadratically many.
@Suite struct PatternLinearityTests {
    /// A pattern, and a text of about so many bytes that is hard for it.
    struct Hard: Sendable, CustomTestStringConvertible {
        let pattern: String
        let text: @Sendable (_ count: Int) -> String

        var testDescription: String { pattern }
    }

    private static func repeated(_ unit: String, end: String = "") -> @Sendable (Int) -> String {
        { count in String(repeating: unit, count: count / unit.utf8.count) + end }
    }

    static let all: [Hard] = [
        // Exponential for who only backtracks: loops in loops, and choices that overlap.
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
        // Quadratic or worse: loops one after another.
        Hard(pattern: ".*.*.*x", text: repeated("a")),
        Hard(pattern: "a*a*a*a*b", text: repeated("a")),
        Hard(pattern: "(.*),(.*),(.*);", text: repeated("a,")),
        Hard(pattern: "[^\"]*\"[^\"]*\"[^\"]*x", text: repeated("ab\"")),
        Hard(pattern: "(.*)([0-9]+)(.*)!", text: repeated("12 ")),
        // Linear for everyone, and stays so.
        Hard(pattern: "a*", text: repeated("a")),
        Hard(pattern: "(a|b|c)*", text: repeated("abc")),
        Hard(pattern: "([a-z]+ )*[a-z]*", text: repeated("word ")),
        Hard(pattern: "(.*)/([^/]*)", text: repeated("dir/", end: "file")),
        Hard(pattern: "[[:space:]]*([^[:space:]]+[[:space:]]*)*", text: repeated("a  b ")),
        Hard(pattern: "(([0-9]+)\\.)*([0-9]+)", text: repeated("12.", end: "3")),
        Hard(pattern: "x*y*z*", text: repeated("xxyyzz")),
    ]

    /// Steps for a text, given a table and stack enough.
    private func steps(_ pattern: Pattern, _ text: String) -> Int? {
        let bytes = Array(text.utf8)
        let size = PatternMatcher.fixedSize(pattern, count: bytes.count, hasTable: true) + (1 << 24)
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { unsafe scratch.deallocate() }
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            var matcher = unsafe PatternMatcher(pattern, buffer, scratch: scratch, hasTable: true) { nil }
            switch matcher.matchWhole() {
            case .none, .match: return matcher.steps
            default: return nil
            }
        }
    }

    @Test(arguments: all) func doublesWithTheText(_ hard: Hard) throws {
        let source = Array(hard.pattern.utf8)
        let pattern = try unsafe source.withUnsafeBufferPointer { try unsafe PatternCompiler.compile($0) }
        let counts = try [3_000, 6_000, 12_000].map { try #require(steps(pattern, hard.text($0))) }
        for (shorter, longer) in zip(counts, counts.dropFirst()) {
            // A little is spent whatever the length.
            #expect(longer <= 2 * shorter + 1_000, "\(counts) steps for twice the text each")
        }
        #expect(counts[2] <= 100 * 12_000)
    }
}
