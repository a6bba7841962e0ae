import Foundation
import Testing

/// Tests of the comparison with expected results.
@Suite struct LanguageCaseTests {
    private func find(_ name: String) throws -> LanguageCase {
        try #require(LanguageCase.all.first { $0.name == name })
    }

    @Test func acceptsWhatIsExpected() throws {
        let simple = try find("let/simple")
        #expect(simple.difference(LanguageOutcome(status: 0, output: "3\n", messages: "")) == nil)
        #expect(simple.difference(LanguageOutcome(status: 0, output: "4\n", messages: "")) != nil)
        #expect(simple.difference(LanguageOutcome(status: 1, output: "3\n", messages: "error")) != nil)
    }

    @Test func wantsMessagesInOrder() throws {
        let traced = try find("trace/order")
        let printed = "[ 1 2 3 ]\n"
        #expect(
            traced.difference(LanguageOutcome(status: 0, output: printed, messages: "trace: 1\ntrace: 2\ntrace: 3"))
                == nil)
        #expect(
            traced.difference(LanguageOutcome(status: 0, output: printed, messages: "trace: 2\ntrace: 1\ntrace: 3"))
                != nil)
    }

    @Test func wantsFailuresToFailCleanly() throws {
        let failing = try find("throw/simple")
        #expect(failing.difference(LanguageOutcome(status: 1, output: "", messages: "error: message")) == nil)
        #expect(failing.difference(LanguageOutcome(status: 0, output: "1\n", messages: "")) != nil)
        #expect(failing.difference(LanguageOutcome(status: -11, output: "", messages: "error: message")) != nil)
        #expect(failing.difference(LanguageOutcome(status: 1, output: "", messages: "error: other")) != nil)
    }

    @Test func replacesThePlaceOfTheSuite() throws {
        let paths = try find("import/missing")
        let message = "error: path '\(LanguageCase.suite.path)/import/data/missing.nix' does not exist"
        #expect(paths.difference(LanguageOutcome(status: 1, output: "", messages: message)) == nil)
    }

    @Test func readsFlags() throws {
        #expect(try find("json/output").arguments.starts(with: ["--strict", "--json"]))
        #expect(try !find("printing/not-strict").arguments.contains("--strict"))
        #expect(try find("depth/million-recursion").arguments.contains("--max-memory"))
    }
}
