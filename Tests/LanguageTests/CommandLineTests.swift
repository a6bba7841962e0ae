import Foundation
import Testing

/// The commands besides `eval`, on several files at once, with text and JSON output.
@Suite struct CommandLineTests {
    /// Runs commands in a folder with two valid sources and an invalid one.
    private func withFolder(_ body: (([String]) async throws -> LanguageOutcome) async throws -> Void) async throws {
        try await inFolder { folder in try await body { try await FirnProcess.run($0, in: folder) } }
    }

    private func inFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in [("a.nix", "let b = 1; in (x: x + 1) 1"), ("b.nix", "{ c = [ 2 ]; }"), ("bad.nix", "1 +")] {
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }
        try await body(folder)
    }

    /// Parses JSON lines.
    private func objects(_ outcome: LanguageOutcome) throws -> [[String: Any]] {
        try outcome.output.split(separator: "\n").map { line in
            try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    @Test func whatWentWellIsPrintedBeforeAnotherFails() async throws {
        try await withFolder { firn in
            let outcome = try await firn(["eval", "a.nix", "bad.nix", "b.nix"])
            #expect(outcome.status == 1 && outcome.output == "2\n" && outcome.messages.contains("syntax error"))
        }
    }

    @Test func theMachineChecksItself() async throws {
        try await withFolder { firn in
            let checked = try await firn([
                "eval", "--check", "--check-interval", "1", "--gc-stress", "--strict", "a.nix", "b.nix",
            ])
            #expect(checked.status == 0 && checked.output == "2\n{ c = [ 2 ]; }\n")
            #expect(try await firn(["eval", "--check-interval", "1", "a.nix"]).status == 2)
            #expect(try await firn(["eval", "--check", "--check-interval", "0", "a.nix"]).status == 2)
        }
    }

    @Test func warningsThatAreNotShownAreCounted() async throws {
        try await inFolder { folder in
            let bindings = (0..<10_002).map { "b\($0) = 1; " }.joined()
            try Data("let \(bindings) in 1".utf8).write(to: folder.appendingPathComponent("many.nix"))
            let text = try await FirnProcess.run(["compile", "many.nix"], in: folder)
            #expect(text.status == 0 && text.messages.hasSuffix("warnings that are not shown: 2\n"))
            let json = try objects(try await FirnProcess.run(["compile", "--json", "many.nix"], in: folder))
            #expect((json[0]["warnings"] as? [Any])?.count == 10_000 && json[0]["warningsDropped"] as? Int == 2)
        }
    }

    @Test func programsAreMadeCheckedAndShown() async throws {
        try await withFolder { firn in
            let compiled = try objects(try await firn(["compile", "--json", "a.nix", "b.nix"]))
            #expect(compiled.map { $0["output"] as? String } == ["a.firn", "b.firn"])
            let warnings = try #require(compiled[0]["warnings"] as? [[String: Any]])
            #expect(warnings.map { $0["code"] as? String } == ["W003"])
            let verified = try await firn(["verify", "--json", "a.firn", "b.nix", "b.firn"])
            #expect(verified.status == 1)
            #expect(try objects(verified).map { $0["valid"] as? Bool } == [true, false, true])
            #expect(try objects(verified)[1]["code"] as? String == "badMagic")
            let shown = try objects(try await firn(["disassemble", "--json", "a.firn", "b.nix"]))
            #expect(shown.map { $0["program"] as? String } == compiled.map { $0["program"] as? String })
            let parsed = try objects(try await firn(["parse", "--json", "b.nix"]))
            #expect(parsed.map { $0["expression"] as? String } == ["{ c = [ (2) ]; }"])
            #expect(try await firn(["eval", "--strict", "a.firn", "b.firn"]).output == "2\n{ c = [ 2 ]; }\n")
        }
    }

    @Test func aTraceIsTextOrOneObjectForEachEvent() async throws {
        try await withFolder { firn in
            for level in ["calls", "ops"] {
                let text = try await firn(["trace", "--level", level, "a.nix"])
                let events = try objects(try await firn(["trace", "--level", level, "--json", "a.nix"]))
                #expect(text.status == 0 && text.messages == "2\n")
                #expect(events.count == text.output.split(separator: "\n").count)
                #expect(events.first?["kind"] as? String == "compiledTopLevel")
                #expect(events.contains { $0["kind"] as? String == "executeOp" } == (level == "ops"))
            }
        }
    }

    /// A command fails if standard output cannot be written.
    @Test(arguments: ["eval -E 1", "trace --json -E 1", "parse -E 1", "disassemble a.nix", "eval --help"])
    func outputThatCannotBeWrittenIsAnError(_ words: String) async throws {
        try await inFolder { folder in
            for (redirection, reason) in [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")] {
                let outcome = try await FirnProcess.run(script: "exec \"$0\" \(words) \(redirection)", in: folder)
                #expect(outcome.status == 1, "\(redirection)")
                #expect(outcome.messages.contains("error: standard output cannot be written: \(reason)\n"))
            }
        }
    }

    /// Files opened by a process without standard streams do not get their descriptors.
    @Test func filesDoNotTakeThePlaceOfClosedStreams() async throws {
        try await inFolder { folder in
            let outcome = try await FirnProcess.run(
                script: "\"$0\" compile a.nix <&- >&- 2>&-; \"$0\" verify a.firn", in: folder)
            #expect(outcome.status == 0 && outcome.output.hasSuffix("chunks\n"), "\(outcome)")
        }
    }

    @Test func aReaderThatHasEnoughEndsIt() async throws {
        try await inFolder { folder in
            let script = #""$0" eval --strict -E 'builtins.genList (x: x) 1000000' | head -c 3"#
            let outcome = try await FirnProcess.run(script: script, in: folder)
            #expect(outcome.output == "[ 0" && outcome.messages.isEmpty)
        }
    }

    @Test func wordsThatAreNotUTF8AreRefused() async throws {
        try await inFolder { folder in
            let outcome = try await FirnProcess.run(script: #"exec "$0" eval "$(printf 'a\377.nix')""#, in: folder)
            #expect(outcome.status == 2)
            #expect(outcome.messages.hasPrefix("error: word 2 of the command line, 'a\u{FFFD}.nix', is not UTF-8: "))
        }
    }

    @Test func programsGoBesideTheirSourcesAndNotOverThem() async throws {
        try await inFolder { folder in
            let script = """
                mkdir d && echo 1 > d/default.nix && cp a.nix default.nix
                "$0" compile d/ . && ls d/default.firn default.firn
                "$0" compile a.nix -o ./a.nix; "$0" compile d/default.firn; "$0" verify a.nix
                """
            let outcome = try await FirnProcess.run(script: script, in: folder)
            #expect(outcome.output.hasSuffix("d/default.firn\ndefault.firn\n"), "\(outcome.output)")
            #expect(outcome.messages.contains("error: './a.nix' is the source itself"))
            #expect(outcome.messages.contains("error: 'd/default.firn' is a program already"))
            #expect(outcome.messages.contains("badMagic"), "the source is still there")
        }
    }

    @Test(arguments: [
        (["eval", "-", "-"], "can be read only once"), (["verify", "-", "-"], "can be read only once"),
        (["eval", "--max-time", "1e10", "-E", "1"], "below 1000000000"),
        (["trace", "--json", "--format", "folded", "-E", "1"], "exclude each other"),
        (["trace", "--level", "ops", "--format", "chrome", "-E", "1"], "--level is for"),
    ])
    func whatCannotBeMeantIsRefused(_ words: [String], _ message: String) async throws {
        try await withFolder { firn in
            let outcome = try await firn(words)
            #expect(outcome.status == 2 && outcome.messages.contains(message), "\(outcome)")
        }
    }
}
