import Foundation
import Testing

/// Commands in a process whose address space the system limits (`ulimit -v`).
@Suite struct AddressSpaceTests {
    private func run(_ words: String, kibibytes: Int) async throws -> LanguageOutcome {
        try await FirnProcess.run(
            script: "ulimit -v \(kibibytes); exec \"$0\" \(words)", in: FileManager.default.temporaryDirectory)
    }

    @Test(arguments: [500_000, 1_000_000, 2_000_000, 4_000_000, 8_000_000])
    func whatFitsIsReserved(_ kibibytes: Int) async throws {
        let sum = "eval -E \"builtins.foldl' builtins.add 0 (builtins.genList (x: x) 100000)\""
        let outcome = try await run(sum, kibibytes: kibibytes)
        #expect(outcome.status == 0 && outcome.output == "4999950000\n", "\(outcome)")
        #expect(try await run("parse -E 1", kibibytes: kibibytes).output == "1\n")
    }

    /// Memory ends with an error of the evaluation, and not of the process: in the heap, on the stack and beside both.
    @Test(arguments: [
        "builtins.genList (x: x) 1000000000", "let f = n: 1 + f (n + 1); in f 0",
        "let f = s: f (s + s); in f \\\"aaaaaaaa\\\"", "let f = n: [ n (f (n + 1)) ]; in builtins.deepSeq (f 0) 1",
        "builtins.deepSeq (builtins.genList toString 100000000) 1",
    ])
    func whatDoesNotFitIsAMemoryError(_ expression: String) async throws {
        let outcome = try await run("eval -E \"\(expression)\"", kibibytes: 600_000)
        #expect(outcome.status == 1, "\(outcome)")
        #expect(outcome.messages.contains("memory limit exceeded (the limit is "), "\(outcome)")
        #expect(outcome.messages.contains("the system's limit on address space (ulimit -v) allows no more"))
    }

    @Test func ownLimitsStay() async throws {
        let expression = "\"builtins.genList (x: x) 1000000000\""
        let outcome = try await run("eval --max-memory 20M -E \(expression)", kibibytes: 4_000_000)
        #expect(outcome.messages.contains("memory limit exceeded (the limit is 20971520 bytes)\n"), "\(outcome)")
    }

    /// The stack of the thread that compiles is smaller, too, and so is the depth of sources.
    @Test func sourcesNestLessDeep() async throws {
        let levels = 3_000
        let source = String(repeating: "true && (", count: levels) + "true" + String(repeating: ")", count: levels)
        let outcome = try await run("eval -E '\(source)'", kibibytes: 1_000_000)
        #expect(outcome.status == 1 && outcome.messages.contains("expression is nested too deeply: more than "))
        #expect(try await run("eval -E '\(source)'", kibibytes: 4_500_000).output == "true\n")
    }

    @Test(arguments: ["eval -E 1", "instantiate -E 1", "parse -E 1", "trace -E 1"])
    func tooLittleForAnyWorkNamesTheLimit(_ words: String) async throws {
        let outcome = try await run(words, kibibytes: 200_000)
        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(outcome.messages.hasPrefix("error: the address space for the heap cannot be reserved: "))
        #expect(outcome.messages.contains("limits this process to 204800000 bytes of it (ulimit -v, RLIMIT_AS)"))
        #expect(outcome.messages.contains("--max-memory"), "what to do instead")
    }
}
