import Foundation
import Testing

/// What evaluated code prints, on a terminal and off it. `script` runs a command in a terminal of its own.
@Suite struct TerminalTests {
    private static let escape = "\u{1B}"
    /// Red, then a cleared screen, a title, and what goes back in the line.
    private static let text = "a\tb\(escape)[31mred\(escape)[2J\(escape)]0;t\u{7}\rc"

    private func run(_ words: String, in terminal: String? = nil) async throws -> LanguageOutcome {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, source) in [
            ("throw.nix", "throw \"\(Self.text)\""), ("trace.nix", "builtins.trace \"\(Self.text)\" 1"),
            ("warn.nix", "builtins.warn \"\(Self.text)\" 1"), ("value.nix", "\"\(Self.text)\""),
            ("name.nix", "{ }.\"\(Self.text)\""), ("syntax.nix", "\(Self.text) +"),
        ] { try Data(source.utf8).write(to: folder.appendingPathComponent(name)) }
        let script = terminal.map { #"\#($0) script -qec "$0 \#(words)" /dev/null"# } ?? #""$0" \#(words)"#
        return try await FirnProcess.run(script: script, in: folder)
    }

    @Test(arguments: [
        "eval throw.nix", "eval trace.nix", "eval warn.nix", "eval name.nix", "eval syntax.nix", "parse syntax.nix",
        "instantiate throw.nix", "trace throw.nix", "compile syntax.nix", "eval -E '<$(printf \"\\033[31m\")>'",
    ])
    func messagesOffATerminalHaveNoEscapeSequence(_ words: String) async throws {
        let messages = try await run(words).messages
        #expect(!messages.isEmpty && !messages.utf8.contains(0x1B) && !messages.utf8.contains(0x0D))
        #expect(!messages.contains("[2J") && !messages.contains("0;t"), "\(messages)")
    }

    @Test(arguments: ["eval throw.nix", "eval trace.nix", "eval warn.nix", "eval value.nix", "eval --xml value.nix"])
    func aTerminalShowsNothingButColors(_ words: String) async throws {
        let shown = try await run(words, in: "TERM=xterm").output
        #expect(shown.contains("b\(Self.escape)[31mred"), "\(shown)")
        #expect(!shown.contains("[2J") && !shown.contains("0;t") && !shown.contains("\t"), "\(shown)")
        // The terminal itself puts a carriage return before each line's end.
        #expect(!shown.replacing("\r\n", with: "\n").contains("\r"), "\(shown)")
        for environment in ["TERM=dumb", "TERM=xterm NO_COLOR=1"] {
            #expect(!(try await run(words, in: environment).output.utf8.contains(0x1B)))
        }
    }

    /// Who reads a value is given every byte of it.
    @Test func valuesOffATerminalStay() async throws {
        #expect(try await run("eval --raw value.nix").output == Self.text.replacing("\r", with: "\n"))
        #expect(try await run("eval value.nix").output.contains("\(Self.escape)[2J"))
        #expect(try await run("eval --raw value.nix", in: "TERM=xterm").output.contains("\(Self.escape)[2J"))
        #expect(try await run("eval --json value.nix").output.contains(#"\u001b[2J"#))
    }
}
