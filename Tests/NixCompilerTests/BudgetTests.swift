import NixBytecode
import NixSyntax
import Synchronization
import Testing

@testable import NixCompiler

/// Limits on compiling.
@Suite struct BudgetTests {
    private static func names(_ prefix: String, _ count: Int, _ text: (Int) -> String) -> String {
        (0..<count).map { prefix + text($0) }.joined()
    }

    static let large: [String] = [
        "x: { inherit (x) " + names("a", 100_000) { "\($0) " } + "; }",
        "let " + names("a", 50_000) { "\($0) = 1; " } + " in [ " + names("a", 50_000) { "\($0) " } + "]",
        "rec { " + names("a", 50_000) { "\($0) = a\($0 / 2); " } + "}",
        "x: [ " + names("", 100_000) { _ in "(x 1) " } + "]",
        "x: \"" + names("", 100_000) { _ in "${x}b" } + "\"",
        "{ " + names("a", 50_000) { "\($0) ? 1, " } + "... }: 1", "x: x" + names(".a", 200_000) { _ in "" },
        "x: " + names("", 9_000) { _ in "[ x " } + names("", 9_000) { _ in "]" },
    ]

    @Test("Tables are told of before they grow past a limit", arguments: large.indices)
    func stopsBeforeMemory(index: Int) throws {
        let tree = try parse(Array(Self.large[index].utf8))
        let most = 256 << 10
        let options = CompileOptions(globals: testGlobals, shouldCancel: { $0 > most })
        let error = #expect(throws: CompileError.self) { try Compiler.compile(tree, options: options) }
        #expect(error?.kind == .cancelled)
    }

    @Test("Both passes ask often", arguments: large.indices)
    func asks(index: Int) throws {
        let tree = try parse(Array(Self.large[index].utf8))
        let polls = Mutex(0)
        let count: @Sendable (Int) -> Bool = { _ in
            polls.withLock { $0 += 1 }
            return false
        }
        let analysed = try AnalysedSource(tree, options: CompileOptions(globals: testGlobals, shouldCancel: count))
        let analysing = polls.withLock { $0 }
        #expect(analysing >= tree.nodes.count / 2_048)
        _ = try analysed.program(shouldCancel: count)
        #expect(polls.withLock { $0 } - analysing >= tree.nodes.count / 2_048)
    }

    @Test func partsOfAProgramAskToo() throws {
        let tree = try parse(Array(Self.large[3].utf8))
        let analysed = try AnalysedSource(tree, options: CompileOptions(globals: testGlobals))
        let program = try DeferredProgram(analysed)
        var builder = ChunkBuilder(kind: .topLevel, arity: 0)
        _ = try program.part(0, firstChunk: 1, builder: &builder)
        let error = #expect(throws: CompileError.self) {
            try program.part(1, firstChunk: 2, builder: &builder, shouldCancel: { $0 > 256 << 10 })
        }
        #expect(error?.kind == .cancelled)
        // The tables are incomplete, so no further part is generated.
        #expect(throws: CompileError.self) { try program.part(1, firstChunk: 2, builder: &builder) }
    }

    /// Nested functions, each with many uses of names that only a `with` can bind.
    @Test func chainsOfWithAreWalkedOnce() throws {
        // The deepest nesting for the stack of a test's thread.
        let depth = 500
        let source =
            "with { }; " + Self.names("", depth) { _ in "[ (z " } + "[ " + Self.names("", 100_000) { _ in "(f x) " }
            + "]"
            + Self.names("", depth) { _ in ") ]" }
        let analysed = try AnalysedSource(parse(Array(source.utf8)), options: CompileOptions(globals: testGlobals))
        #expect(analysed.analysis.functions.count(where: \.capturesWith) >= depth)
    }

    @Test func textOfAnAssertionIsCutWhereverItIsLong() throws {
        let set = "{ " + Self.names("a", 20_000) { "\($0) = 1; " } + "}"
        for condition in ["[ " + Self.names("", 20_000) { _ in "x " } + "] == x", "x == \(set)", "x " + set] {
            let program = try compile("x: assert \(condition); 1").program
            let texts = program.constants.compactMap { if case .string(let text) = $0 { text.count } else { nil } }
            #expect(try #require(texts.max()) < 2_100)
        }
        // The first names in order are shown, as for a short set.
        let program = try compile("x: assert x \(set); 1").program
        #expect(
            program.constants.contains {
                guard case .string(let text) = $0 else { return false }
                return String(decoding: text, as: UTF8.self).contains("{ a0 = 1; a1 = 1; a10 = 1; a100 = 1; ")
            })
    }

    @Test func longNamesAreCutInMessages() throws {
        let name = String(repeating: "a", count: 1_000_000)
        let error = #expect(throws: CompileError.self) { try compile(name) }
        #expect((error?.message.utf8.count ?? .max) < 1_200)
        let warnings = try compile("let \(name) = 1; in 2").warnings
        #expect(warnings.count == 1 && warnings[0].message.utf8.count < 1_200)
    }
}
