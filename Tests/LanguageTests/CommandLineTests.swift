import Foundation
import Testing

/// The commands besides `eval`, on several files at once, as text and as JSON.
@Suite struct CommandLineTests {
    /// Runs commands in a folder with two good sources and a bad one.
    private func withFolder(_ body: (([String]) throws -> LanguageOutcome) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in [("a.nix", "let b = 1; in (x: x + 1) 1"), ("b.nix", "{ c = [ 2 ]; }"), ("bad.nix", "1 +")] {
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }
        try body { try FirnProcess.run($0, in: folder) }
    }

    /// The objects of JSON lines.
    private func objects(_ outcome: LanguageOutcome) throws -> [[String: Any]] {
        try outcome.output.split(separator: "\n").map { line in
            try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test func whatWentWellIsPrintedBeforeAnotherFails() throws {
        try withFolder { firn in
            let outcome = try firn(["eval", "a.nix", "bad.nix", "b.nix"])
            #expect(outcome.status == 1 && outcome.output == "2\n" && outcome.messages.contains("syntax error"))
        }
    }

    @Test func programsAreMadeCheckedAndShown() throws {
        try withFolder { firn in
            let compiled = try objects(try firn(["compile", "--json", "a.nix", "b.nix"]))
            #expect(compiled.map { $0["output"] as? String } == ["a.firn", "b.firn"])
            let warnings = try #require(compiled[0]["warnings"] as? [[String: Any]])
            #expect(warnings.map { $0["code"] as? String } == ["W003"])
            let verified = try firn(["verify", "--json", "a.firn", "b.nix", "b.firn"])
            #expect(verified.status == 1)
            #expect(try objects(verified).map { $0["valid"] as? Bool } == [true, false, true])
            #expect(try objects(verified)[1]["code"] as? String == "badMagic")
            let shown = try objects(try firn(["disassemble", "--json", "a.firn", "b.nix"]))
            #expect(shown.map { $0["program"] as? String } == compiled.map { $0["program"] as? String })
            let parsed = try objects(try firn(["parse", "--json", "b.nix"]))
            #expect(parsed.map { $0["expression"] as? String } == ["{ c = [ (2) ]; }"])
            #expect(try firn(["eval", "--strict", "a.firn", "b.firn"]).output == "2\n{ c = [ 2 ]; }\n")
        }
    }

    @Test func aTraceIsTextOrOneObjectForEachEvent() throws {
        try withFolder { firn in
            for level in ["calls", "ops"] {
                let text = try firn(["trace", "--level", level, "a.nix"])
                let events = try objects(try firn(["trace", "--level", level, "--json", "a.nix"]))
                #expect(text.status == 0 && text.messages == "2\n")
                #expect(events.count == text.output.split(separator: "\n").count)
                #expect(events.first?["kind"] as? String == "compiledTopLevel")
                #expect(events.contains { $0["kind"] as? String == "executeOp" } == (level == "ops"))
            }
        }
    }
}
