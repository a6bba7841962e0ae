import MessageText
import Synchronization
import Testing

@testable import NixSyntax

/// Limits on parsing, and messages about hostile sources.
@Suite struct BudgetTests {
    /// Parses a source with a limit on bytes and polls; the error is nil if it succeeded.
    private static func attempt(_ source: String, most: Int, polls: Int = .max) -> (error: SyntaxError?, polls: Int) {
        let left = Mutex(polls)
        let options = ParseOptions(shouldCancel: { bytes in
            left.withLock { left in
                left -= 1
                return left < 0 || bytes > most
            }
        })
        var found: SyntaxError?
        do throws(SyntaxError) { _ = try NixSyntax.parse(Array(source.utf8), options: options) } catch { found = error }
        return (found, polls - left.withLock { $0 })
    }

    private static func repeated(_ text: String, _ count: Int = 100_000) -> String {
        String(repeating: text, count: count)
    }

    /// Sources whose trees take many times their size.
    static let large: [String] = [
        repeated("("), "[" + repeated("["), "[ " + repeated("1 ") + "]", "[ " + repeated("(x: x) ") + "]",
        "{ }" + repeated(".a", 300_000), "f " + repeated("1 ", 300_000), "\"" + repeated("${a}b") + "\"",
        "''" + repeated("a''$b\n") + "''", "\"" + repeated("\\n", 3_000_000) + "\"",
        "''" + repeated("\n", 3_000_000) + "''", "{ " + (0..<100_000).map { "a\($0) = 1;" }.joined() + " }",
        "{ " + (0..<100_000).map { "a.b\($0) = 1;" }.joined() + " }",
        "{ inherit (e) " + (0..<100_000).map { "a\($0) " }.joined() + "; }",
        "({ " + (0..<100_000).map { "a\($0), " }.joined() + "... }: 1)", "{ " + repeated("${a} = 1;") + " }",
    ]

    @Test("Tables are told of before they grow past a limit", arguments: large.indices)
    func stopsBeforeMemory(index: Int) {
        let (error, _) = Self.attempt(Self.large[index], most: 2 << 20)
        #expect(error?.kind == .cancelled)
    }

    @Test("What is told is no less than what the tree takes", arguments: large.indices.dropFirst(2))
    func tellsEnough(index: Int) throws {
        let most = Mutex(0)
        let options = ParseOptions(shouldCancel: { bytes in
            most.withLock { $0 = max($0, bytes) }
            return false
        })
        let tree = try parse(Array(Self.large[index].utf8), options: options)
        // The estimate adds half of the size for unused capacity.
        #expect(most.withLock { $0 } >= (tree.memoryBytes - tree.source.count) * 2 / 3)
    }

    /// Sources of one token, or of one stretch between two, of 4 MiB.
    static let long: [String] = [
        "/*" + repeated("a", 4 << 20) + "*/ 1", "/*" + repeated("*", 4 << 20) + "/ 1", "/*" + repeated("a", 4 << 20),
        "#" + repeated("a", 4 << 20) + "\n1", repeated("#\n", 2 << 20) + "1", repeated(" ", 4 << 20) + "1",
        "\"" + repeated("a", 4 << 20) + "\"", "\"" + repeated("$$", 2 << 20) + "\"",
        "''" + repeated("a", 4 << 20) + "''", "''" + repeated("$a", 2 << 20) + "''",
    ]

    @Test("A token asks whether to stop while it is read", arguments: long.indices)
    func longTokensAskWhetherToStop(index: Int) {
        let (_, polls) = Self.attempt(Self.long[index], most: .max)
        #expect(polls >= (4 << 20) / Lexer.bytesPerPoll - 1)
        #expect(Self.attempt(Self.long[index], most: .max, polls: 3).error?.kind == .cancelled)
    }

    /// A block may end anywhere in a token: what it means does not depend on that.
    @Test(arguments: ["$", "\\", "\"", "*", "/", "'", "\r", "{"])
    func blocksDoNotChangeTokens(byte: String) throws {
        for distance in -3...3 {
            let head = Self.repeated("a", Lexer.bytesPerPoll + distance)
            for (open, close) in [("\"", "\""), ("''", "''"), ("/*", "*/ 1"), ("#", "\n1")] {
                let short = open + "aa" + byte + "aa" + close
                let long = open + head + byte + "aa" + close
                let expected = Self.attempt(short, most: .max).error
                let found = Self.attempt(long, most: .max).error
                #expect(found?.kind == expected?.kind)
            }
        }
    }

    /// Merging sets into merged sets takes work quadratic in the source, and polls.
    @Test func mergesAskWhetherToStop() {
        var text = "{ " + (0..<2_000).map { "b\($0) = 1; " }.joined() + "}"
        for depth in 0..<100 {
            let nest = Self.repeated("{ y = ", depth) + "{ }" + Self.repeated("; }", depth)
            text = "{ y = \(nest); y = \(text); }"
        }
        #expect(Self.attempt(text, most: .max).polls > 2_000 * 100 / Lexer.pollInterval)
        #expect(Self.attempt(text, most: .max, polls: 150).error?.kind == .cancelled)
    }

    @Test(
        "No message grows with the source",
        arguments: [
            repeated("9", 1_000_000), "1." + repeated("9", 1_000_000), "\"" + repeated("\0", 1_000_000) + "\"",
            "{ " + repeated("a", 1_000_000) + " = 1; " + repeated("a", 1_000_000) + " = 2; }",
            "{ " + repeated("a.", 9_000) + "a = 1; " + repeated("a.", 9_000) + "a = 2; }",
            "{ " + repeated("a", 1_000_000) + ", " + repeated("a", 1_000_000) + " }: 1",
            "[ " + repeated("1 ", 1_000_000) + "} " + repeated("1 ", 1_000_000),
            repeated("é", 1_000_000) + " }",
        ])
    func messagesAreShort(source: String) {
        let error = #expect(throws: SyntaxError.self) { _ = try parse(Array(source.utf8)) }
        #expect((error?.message.utf8.count ?? .max) < 3 * MessageText.longestQuote + 300)
        #expect((error?.rendered(sourceName: "x").utf8.count ?? .max) < 20_000)
    }

    @Test func longLinesAreShownAroundTheColumn() {
        let source = Array(("first\n[ " + Self.repeated("é ", 5_000) + "X" + Self.repeated(" é", 5_000)).utf8)
        let offset = source.firstIndex(of: UInt8(ascii: "X")).map(UInt32.init) ?? 0
        let excerpt = SourceExcerpt(source: source, offset: offset)
        #expect(excerpt.location == SourceLocation(line: 2, column: Int(offset) - 6 + 1))
        let line = excerpt.line ?? []
        #expect(line.count <= SourceExcerpt.longestLine + 10)
        let text = String(decoding: line, as: UTF8.self)
        #expect(text.hasPrefix("…") && text.hasSuffix("…") && !text.contains("\u{FFFD}"))
        // The mark at the start takes three bytes and the width of one character.
        #expect(line[excerpt.shownColumn - 1 + 2] == UInt8(ascii: "X"))
        #expect(excerpt.before == Array("first".utf8) && excerpt.after == nil)
    }

    @Test func shortLinesAreShownWhole() {
        let line = "[ " + Self.repeated("1", SourceExcerpt.longestLine - 4) + " }"
        let excerpt = SourceExcerpt(source: Array(line.utf8), offset: UInt32(line.utf8.count - 1))
        #expect(excerpt.line == Array(line.utf8) && excerpt.shownColumn == excerpt.location.column)
    }

    /// Line endings of every kind, including those at the beginning of a block of the index.
    @Test func indexFindsWhatReadingFinds() {
        for seed in 0..<40 {
            var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
            let source = (0..<9_000).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let choice = state >> 60
                // Some sources have few line endings, some have many.
                return choice < 2 && state >> 50 & 7 <= UInt64(seed % 8) ? (choice == 0 ? 10 : 13) : 0x61
            }
            let starts = SourceLocation.lineStarts(of: source)
            let index = LineIndex(source)
            for offset in stride(from: 0, through: source.count, by: seed % 3 + 1) {
                let line = starts.lastIndex { $0 <= UInt32(offset) } ?? 0
                let expected = SourceLocation(line: line + 1, column: offset - Int(starts[line]) + 1)
                #expect(index.location(of: UInt32(offset)) == expected, "seed \(seed), offset \(offset)")
                if offset % 100 == 0 { #expect(SourceLocation(offset: UInt32(offset), in: source) == expected) }
            }
        }
    }

    @Test(arguments: [0, 1, 2_047, 2_048, 2_049, 10_000])
    func sortsInSteps(count: Int) throws {
        let elements = (0..<count).map { (key: $0 &* 7_919 % 1_000, index: $0) }
        var sorted = elements
        var polls = 0
        sorted.sortInSteps(by: { $0.key < $1.key }) { polls += 1 }
        let expected = elements.sorted { ($0.key, $0.index) < ($1.key, $1.index) }
        #expect(sorted.map(\.index) == expected.map(\.index))
        #expect(polls >= count / 2_048)
    }
}
