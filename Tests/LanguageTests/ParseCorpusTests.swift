import Foundation
import Testing

/// The comparison of printed expressions by `scripts/parse-corpus`, against what Nix 2.8.0 prints.
@Suite struct ParseCorpusTests {
    private static let script = LanguageCase.suite.deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("scripts/parse-corpus")

    private func compare(_ source: String, printed: String) async throws -> LanguageOutcome {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(source.utf8).write(to: folder.appendingPathComponent("a.nix"))
        try Data((printed + "\n").utf8).write(to: folder.appendingPathComponent("printed"))
        let command = """
            printf '#!/bin/sh\\nexec cat "$(dirname "$0")/printed"\\n' >nix; chmod +x nix
            exec '\(Self.script.path)' --firn "$0" --nix "$PWD/nix" .
            """
        return try await FirnProcess.run(script: command, in: folder)
    }

    /// Names that are keywords have quotes in newer versions only.
    @Test(arguments: [
        (#"{ "inherit" = true; }"#, "{ inherit = true; }"),
        (#"{ "let" = 1; "assert" = { }; b = 1; }"#, "{ assert = { }; b = 1; let = 1; }"),
        (#"let "rec" = 1; "in" = 2; in x: x."rec"."let".a"#, "(let rec = 1; in = 2; in (x: (x).rec.let.a))"),
        (#"{ inherit ({ }) "a b" "in"; }"#, #"{ "a b" = ({ })."a b"; in = ({ }).in; }"#),
        (#"x: { inherit x; "with" = x."inherit"; }"#, "(x: { inherit x ; with = (x).inherit; })"),
    ]) func keywordsAreNamesInBothForms(_ source: String, _ printed: String) async throws {
        let outcome = try await compare(source, printed: printed)
        #expect(outcome.status == 0 && outcome.output.contains("keyword"), "\(outcome)")
    }

    @Test(arguments: [
        (#"{ "inherit" = true; }"#, "{ inherit = false; }"), (#"{ "let" = 1; }"#, "{ in = 1; }"),
        (#"x: x."let".a"#, "(x: (x).let.b)"), ("1", "{ inherit"),
    ]) func otherDifferencesAreListed(_ source: String, _ printed: String) async throws {
        let outcome = try await compare(source, printed: printed)
        #expect(outcome.status == 1 && outcome.output.contains("1 different"), "\(outcome)")
    }
}
