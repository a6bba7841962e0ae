import ArgumentParser
import FirnKeys
import FirnProtocol
import Foundation
import Testing

@testable import FarmCommands
@testable import FirnCommands

@Test func firnListsExactlyTheCommandsOfTheFarm() {
    let names = FarmCommand.configuration.subcommands.map { $0.configuration.commandName ?? "" }
    let listed = FarmExecutable.commands.map(\.name)
    #expect(names.filter { $0 != "trace" } == listed)
    for command in FarmCommand.configuration.subcommands where command.configuration.commandName != "trace" {
        let listed = FarmExecutable.commands.first { $0.name == command.configuration.commandName }
        #expect(listed != nil)
        #expect(command.configuration.discussion.contains("firn \(listed?.name ?? "")"), "an example")
    }
}

@Test(arguments: [
    (["submit", "-E", "1"], true), (["help", "submit"], true), (["eval", "submit"], false), ([], false),
    (["trace", "x.nix"], false), (["trace", "--job", "1"], true), (["trace", "--job=1"], true),
    (["help", "eval"], false), (["--generate-completion-script", "bash"], true),
    (["--generate-completion-script=zsh"], true),
]) func theFarmsCommandsGoToItsExecutable(_ words: [String], _ isFarms: Bool) {
    #expect(FarmExecutable.handles(words) == isFarms)
}

@Test(arguments: [CompletionShell.bash, .zsh, .fish])
func shellsCompleteTheCommandsOfBothExecutables(_ shell: CompletionShell) {
    let script = CompletionCommand.completionScript(for: shell)
    let names = (FirnCommand.configuration.subcommands + FarmCommand.configuration.subcommands)
        .compactMap { $0.configuration.commandName }
    for name in names { #expect(script.contains(name), "\(name)") }
    for option in ["jobs-from", "drv-dir", "force-recurse", "port", "job"] {
        #expect(script.contains(option), "\(option)")
    }
}

@Test(arguments: [
    (["submit", "--batch", "5", "-E", "1"], "--jobs-from"), (["submit", "--for", "5", "-E", "1"], "--jobs-from"),
    (["submit", "--entry", "x.nix", "-E", "1"], "--bundle"), (["submit", "-", "-"], "only once"),
    (["submit", "--max-fuel", "0", "-E", "1"], "a number from 1"), (["submit", "--delay", "1e9", "-E", "1"], "below"),
    (["submit", "--root", "a@abc", "--path", "x"], "hexadecimal"),
    (["submit", "--show-trace", "-E", "1"], "--wait"),
    (["submit", "--wait", "--json", "--show-trace", "-E", "1"], "--json"),
    (["submit", "--jobs-from", "-", "-A", "a", "-A", "b"], "--attr"),
    (["submit", "--root", "a", "--base", "x", "-E", "1"], "compiled programs"),
    (["farm", "x", "--set", "store=y"], "store"), (["farm", "x", "--set", "endpoints.clients=y"], "--port"),
    (["trace", "--job", "1", "--json", "--time"], "--time"),
    (["trace", "--job", "1", "--json", "--format", "text"], "exclude"),
]) func whatHasNoEffectIsRefused(_ words: [String], _ reason: String) {
    let error = #expect(throws: (any Error).self) { try FarmCommand.parseAsRoot(words) }
    if let error { #expect(FarmCommand.fullMessage(for: error).contains(reason)) }
}

@Test func jsonKeepsEveryText() throws {
    let text = "quote \" backslash \\ tab \t line \n bell \u{7} ä 𝄞"
    let value = JSONValue.object([
        ("a", .string(text)), ("b", .array([.number(-1), .unsigned(.max), .null, .bool(true)])),
    ])
    let parsed = try #require(try JSONSerialization.jsonObject(with: Data(value.text.utf8)) as? [String: Any])
    #expect(parsed["a"] as? String == text)
    #expect((parsed["b"] as? [Any])?.count == 4)
    #expect(JSONValue.bytes([0x61, 0xFF]).text == "\"a\u{FFFD}\"")
}

@Test func aLineDescribesAJob() throws {
    let template = WireJobSpecification.with { $0.strict = true }
    func job(_ text: String) throws -> WireJobSpecification {
        let line = LineReader.Line(number: 7, text: Array(text.utf8))
        return try JobLine.job(line, template: template, decoder: JSONDecoder())
    }
    let first = try job(#"{"source": "1 + 1", "label": "x", "maxFuel": 5, "maxTime": 0.5, "arguments": {"b": "2"}}"#)
    #expect(first.source.text == Data("1 + 1".utf8))
    #expect(first.label == "x" && first.limits.fuel == 5 && first.limits.timeoutMs == 500 && first.strict)
    #expect(first.arguments.map(\.name) == ["b"])
    let second = try job(#"{"root": "lib", "path": "a/b.nix", "format": "json", "trace": "ops"}"#)
    #expect(second.rootFile.path == "a/b.nix" && second.roots.map(\.name) == ["lib"])
    #expect(second.format == .json && second.traceLevel == .ops)
    #expect(try job(#"{"source": "1", "maxTime": 1e-9}"#).limits.timeoutMs == 1, "0 would be the tenant's default")
    let replaced = try JobLine.job(
        LineReader.Line(number: 7, text: Array(#"{"source": "1", "arguments": {"a": "3"}}"#.utf8)),
        template: .with { $0.arguments = try JobOptionArguments.list([CallArgument(argument: "a\0 1")]) },
        decoder: JSONDecoder())
    #expect(replaced.arguments.map(\.text) == [Data("3".utf8)], "a job has each name once")
    #expect(try job(#"{"source": "1", "system": "riscv64-linux"}"#).system == "riscv64-linux")
    let faults = [
        ("", "JSON"), ("1", "not a JSON object"), ("{}", "it needs"), (#"{"source": "1", "lable": "x"}"#, "'lable'"),
        (#"{"source": 1}"#, "'source' is not a text"), (#"{"root": "a", "path": "../b"}"#, ".."),
        (#"{"source": "1", "root": "a", "path": "b"}"#, "exclude"), (#"{"source": "1", "maxTime": -5}"#, "maxTime"),
        (#"{"source": "1", "strict": 1}"#, "'strict' is not true or false"),
        (#"{"source": "1", "arguments": {"a": 1}}"#, "arguments"),
    ]
    for (text, reason) in faults {
        let error = try #require(throws: CommandFailure.self) { try job(text) }
        #expect(error.description.hasPrefix("line 7") && error.description.contains(reason), "\(error)")
    }
}

@Test func jobsHaveASystem() throws {
    for (words, system) in [
        ([], OwnSystem.name), (["--system", "armv7l-linux"], "armv7l-linux"), (["--system", ""], ""),
    ] {
        let command = try #require(try FarmCommand.parseAsRoot(["submit", "-E", "1"] + words) as? SubmitCommand)
        #expect(try command.options.template().system == system)
        let line = LineReader.Line(number: 1, text: Array(#"{"source": "1"}"#.utf8))
        let job = try JobLine.job(line, template: try command.options.template(), decoder: JSONDecoder())
        #expect(job.system == system)
    }
}

@Test func theKeyOfAStreamIsOneForEachLine() throws {
    let template = WireJobSpecification.with { $0.idempotencyKey = Data("k".utf8) }
    let keys = try [3, 4].map { number in
        let line = LineReader.Line(number: number, text: Array(#"{"source": "1"}"#.utf8))
        return try JobLine.job(line, template: template, decoder: JSONDecoder()).idempotencyKey
    }
    #expect(keys == [Data("k#3".utf8), Data("k#4".utf8)])
}

@Test func linesAreReadInPortions() async throws {
    let long = String(repeating: "x", count: 200_000)
    let file = try SettingsFile("a\n\n\(long)\nlast")
    let reader = try LineReader(path: file.path)
    let first = try await reader.next(1)
    #expect(first.map(\.number) == [1])
    let rest = try await reader.next(10)
    #expect(rest.map(\.number) == [3, 4])
    #expect(rest.map(\.text.count) == [200_000, 4])
    #expect(try await reader.next(10).isEmpty)
}

/// A program that writes a job to a pipe and waits for its result must get it before it writes the next.
@Test func ofAPipeIsReadWhatIsThere() async throws {
    let path = NSTemporaryDirectory() + "firn-pipe-\(UUID().uuidString)"
    #expect(unsafe mkfifo(path, 0o600) == 0)
    defer { try? FileManager.default.removeItem(atPath: path) }
    // Opened for reading and writing, neither end waits for the other.
    let pipe = try #require(FileHandle(forUpdatingAtPath: path))
    let reader = try LineReader(path: path)
    try pipe.write(contentsOf: Data("a\n\nb\nhal".utf8))
    #expect(try await reader.next(10).map(\.number) == [1, 3])
    try pipe.write(contentsOf: Data("f\n".utf8))
    #expect(try await reader.next(10).map(\.text) == [Array("half".utf8)])
    try pipe.close()
    #expect(try await reader.next(10).isEmpty)
}

@Test func aBundleHoldsTheFilesOfADirectory() throws {
    let directory = NSTemporaryDirectory() + "firn-bundle-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    for name in ["sub", ".git"] {
        try FileManager.default.createDirectory(atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
    }
    for name in ["default.nix", "sub/a.nix", ".git/HEAD"] {
        try "1".write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
    }
    let bundle = try BundleDirectory.read(directory, entry: "sub/a.nix")
    #expect(bundle.files.map(\.path).sorted() == ["default.nix", "sub/a.nix"])
    #expect(throws: CommandFailure.self) { try BundleDirectory.read(directory, entry: "b.nix") }
    try FileManager.default.createSymbolicLink(atPath: "\(directory)/link", withDestinationPath: "default.nix")
    #expect(throws: CommandFailure.self) { try BundleDirectory.read(directory, entry: "sub/a.nix") }
}

@Test func secretKeysAreCheckedForTheirRole() throws {
    let directory = NSTemporaryDirectory() + "firn-keys-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let keys = KeyDirectory(path: directory)
    try keys.add(try KeysCommand.generate(.coordinator))
    let worker = try #require(Identity(role: .worker, tenant: nil, keyName: "w"))
    try keys.add(try KeysCommand.generate(.peer(worker)))
    let (key, server) = ("\(directory)/worker-w.cert_secret", "\(directory)/coordinator.cert")
    _ = try PeerSecurity.security(key: key, serverKey: server, role: .worker)
    #expect(throws: CommandFailure.self) { try PeerSecurity.security(key: key, serverKey: server, role: .client) }
    #expect(throws: CommandFailure.self) { try PeerSecurity.security(key: key, serverKey: nil, role: .worker) }
    #expect(throws: CommandFailure.self) { try PeerSecurity.security(key: nil, serverKey: server, role: .worker) }
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
    #expect(throws: CommandFailure.self) { try PeerSecurity.security(key: key, serverKey: server, role: .worker) }
}

@Test(arguments: [
    (["evla", "-E", "1"], "error: firn has no command 'evla'; did you mean 'firn eval'?"),
    (["help", "submti"], "error: firn has no command 'submti'; did you mean 'firn submit'?"),
    (["works"], "error: firn has no command 'works'; did you mean 'firn worker' or 'firn workers'?"),
    (["cache", "inof"], "error: firn cache has no command 'inof'; did you mean 'firn cache info'?"),
    (["cache", "fill"], "error: firn cache has no command 'fill'; its commands are info, clear"),
]) func theNearestCommandIsNamed(_ words: [String], _ mistake: String) {
    #expect(CommandNames.mistake(in: words) == mistake)
}

@Test func withoutANearCommandAllAreListed() throws {
    let mistake = try #require(CommandNames.mistake(in: ["repl"]))
    #expect(mistake.hasPrefix("error: firn has no command 'repl'; its commands are eval, parse, "))
    #expect(mistake.hasSuffix(", worker, image, farm"))
}

@Test(arguments: [
    [], ["help"], ["help", "eval"], ["--version"], ["-E", "1"], ["submit"], ["cache"], ["cache", "-h"],
])
func whatIsNoMistakeInANameIsLeftToTheParser(_ words: [String]) { #expect(CommandNames.mistake(in: words) == nil) }
