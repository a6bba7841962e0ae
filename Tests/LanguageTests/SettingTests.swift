import Foundation
import Testing

/// The command line of nix-instantiate, its configuration files, and the settings that they give.
@Suite struct SettingTests {
    private func inFolder(
        _ files: [String: String] = [:], _ body: (URL) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appendingPathComponent("firn-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files.merging(["empty": ""], uniquingKeysWith: { $1 }) {
            let file = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try await body(folder)
    }

    @Test func laterConfigurationOverridesEarlier() async throws {
        let files = [
            "system/nix.conf": "include more.conf\neval-system = system\nmax-call-depth = 7",
            "system/more.conf": "extra-experimental-features = pipe-operators\neval-system = included",
            "first.conf": "eval-system = first", "second.conf": "eval-system = second",
            "home/nix/nix.conf": "eval-system = home",
        ]
        try await inFolder(files) { folder in
            func system(_ environment: [String: String], _ words: [String] = []) async throws -> String {
                let environment = ["NIX_CONF_DIR": "\(folder.path)/system"].merging(environment) { $1 }
                let outcome = try await FirnProcess.run(
                    ["eval", "-E", "[ builtins.currentSystem ] |> builtins.head"] + words, in: folder,
                    environment: environment)
                #expect(outcome.status == 0 && outcome.messages.isEmpty, "\(outcome)")
                return outcome.output
            }
            let user = ["NIX_USER_CONF_FILES": "first.conf:second.conf"]
            #expect(try await system([:]) == "\"system\"\n")
            #expect(try await system(["XDG_CONFIG_HOME": "\(folder.path)/home"]) == "\"home\"\n")
            #expect(try await system(user) == "\"first\"\n")
            let text = user.merging(["NIX_CONFIG": "eval-system = text"]) { $1 }
            #expect(try await system(text) == "\"text\"\n")
            #expect(try await system(text, ["--option", "eval-system", "option"]) == "\"option\"\n")
            #expect(try await system(text, ["--eval-system", "a", "--eval-system", "flag"]) == "\"flag\"\n")
            let deep = try await FirnProcess.run(
                ["eval", "-E", "let f = n: 1 + f n; in f 1"], in: folder,
                environment: ["NIX_CONF_DIR": "\(folder.path)/system"])
            #expect(deep.status == 1 && deep.messages.contains("max-call-depth exceeded"))
        }
    }

    @Test func theSearchPathIsThatOfTheEnvironmentOrTheSettings() async throws {
        try await inFolder(["a/x.nix": "1", "b/x.nix": "2", "c/x.nix": "3"]) { folder in
            func value(_ words: [String], _ environment: [String: String]) async throws -> String {
                try await FirnProcess.run(["eval", "<p/x.nix>"] + words, in: folder, environment: environment).output
            }
            let text = ["NIX_CONFIG": "nix-path = p=a"]
            let both = text.merging(["NIX_PATH": "p=b"]) { $1 }
            #expect(try await value([], text) == "1\n")
            #expect(try await value([], both) == "2\n")
            #expect(try await value(["--nix-path", "p=c"], both) == "3\n")
            #expect(try await value(["-I", "p=c"], both) == "3\n")
            let found = try await FirnProcess.run(
                ["eval", "--find-file", "p/x.nix", "p"], in: folder, environment: both)
            #expect(found.output == "\(folder.path)/b/x.nix\n\(folder.path)/b\n")
            let missing = try await FirnProcess.run(["eval", "--find-file", "q"], in: folder, environment: both)
            #expect(missing.status == 1 && missing.messages.contains("file 'q' was not found in the Nix search path"))
            let instantiated = try await FirnProcess.run(["instantiate", "<q>"], in: folder, environment: both)
            #expect(instantiated.status == 1 && instantiated.messages.contains("file 'q' was not found"))
        }
    }

    @Test func channelsEndTheSearchPath() async throws {
        let files = [
            "home/.nix-defexpr/channels/mine/default.nix": "1",
            "nix/profiles/per-user/root/channels/nixpkgs/default.nix": "2",
        ]
        try await inFolder(files) { folder in
            let environment = ["HOME": "\(folder.path)/home", "NIX_STATE_DIR": "\(folder.path)/nix"]
            for (words, status, output) in [
                (["<mine>"], 0, "1\n"), (["<nixpkgs>"], 0, "2\n"), (["--restrict-eval", "<nixpkgs>"], 1, ""),
                (["--pure-eval", "-E", "builtins.nixPath"], 0, "[ ]\n"),
            ] {
                let outcome = try await FirnProcess.run(["eval"] + words, in: folder, environment: environment)
                #expect(outcome.status == status && outcome.output == output, "\(words): \(outcome)")
            }
        }
    }

    @Test func unknownSettingsAndFeaturesAreWarnedOf() async throws {
        try await inFolder { folder in
            let outcome = try await FirnProcess.run(
                [
                    "eval", "--option", "zzz", "1", "--option", "show-trace", "maybe", "--experimental-features",
                    "flakes nonsense", "--cores", "4", "-vv", "--quiet", "--debug", "-j2", "-kKQ", "--dry-run",
                    "--log-format", "raw", "--no-sandbox", "--fallback", "--no-gc-warning", "-E", "1",
                ], in: folder, environment: ["NIX_CONFIG": "aaa = 2\nsubstituters = x"])
            #expect(outcome.status == 0 && outcome.output == "1\n")
            #expect(
                outcome.messages == """
                    warning: Boolean setting 'show-trace' has invalid value 'maybe'
                    warning: unknown experimental feature 'nonsense'
                    warning: unknown setting 'aaa'
                    warning: unknown setting 'zzz'

                    """)
        }
    }

    @Test(arguments: [
        (
            ["--timeout", "5"],
            "warning: --timeout bounds single builds; --max-time bounds the evaluation\n"
        ),
        (
            ["--log-format", "internal-json"],
            "warning: messages are plain text; --log-format internal-json has no effect\n"
        ),
        (["--repair"], "warning: --repair has no effect: firn rebuilds nothing\n"),
    ])
    func optionsThatSomeoneCouldRelyOnAreTold(_ words: [String], _ message: String) async throws {
        try await inFolder { folder in
            let outcome = try await FirnProcess.run(["eval", "-E", "1"] + words, in: folder)
            #expect(outcome.status == 0 && outcome.output == "1\n" && outcome.messages == message)
        }
    }

    @Test(arguments: [
        (["--show-trace", "--timeout", "x"], "", "error: setting 'timeout' has invalid value 'x'"),
        ([], "show-trace = maybe", "error: Boolean setting 'show-trace' has invalid value 'maybe'"),
        ([], "show-trace true", "error: syntax error in configuration line 'show-trace true' in 'NIX_CONFIG'"),
        ([], "include loop.conf", "configuration files include one another more than 64 deep"),
        (["--option", "cores"], "", "the setting 'cores' lacks its value"),
        (["--log-format", "x"], "", "'x' is invalid for '--log-format"),
    ])
    func whatASettingDoesNotAcceptEndsTheCommand(
        _ words: [String], _ configuration: String, _ message: String
    ) async throws {
        try await inFolder(["loop.conf": "include loop.conf"]) { folder in
            let outcome = try await FirnProcess.run(
                ["eval", "-E", "1"] + words, in: folder, environment: ["NIX_CONFIG": configuration])
            #expect(outcome.status == 2 && outcome.messages.contains(message), "\(outcome)")
        }
    }

    @Test func restrictedEvaluationsReadTheSearchPathOnly() async throws {
        let files = ["inner/a.nix": "import ./b.nix", "inner/b.nix": "1", "out.nix": "2"]
        try await inFolder(files) { folder in
            func run(_ words: [String]) async throws -> LanguageOutcome {
                try await FirnProcess.run(["eval", "--restrict-eval"] + words, in: folder, environment: ["X": "set"])
            }
            for (words, output) in [
                (["-I", "inner", "inner/a.nix"], "1\n"), (["-I", "p=inner", "<p/a.nix>"], "1\n"),
                (["-E", #"builtins.getEnv "X""#], "\"\"\n"),
                (["-I", "inner", "--strict", "-E", "builtins.readDir ./."], "{ inner = \"directory\"; }\n"),
                (["-I", "inner", "-E", #"import "${./inner}/b.nix""#], "1\n"),
            ] {
                let outcome = try await run(words)
                #expect(outcome.status == 0 && outcome.output == output, "\(words): \(outcome)")
            }
            for (words, message) in [
                (
                    ["-I", "inner", "out.nix"],
                    "access to absolute path '\(folder.path)/out.nix' is forbidden in restricted mode"
                ),
                (
                    ["-I", "inner", "-E", "builtins.readFile ./out.nix"],
                    "'\(folder.path)/out.nix' is forbidden in restricted"
                ),
                (["-E", "builtins.fetchGit ./."], "access to URI 'git+file://\(folder.path)"),
                (
                    ["-E", #"fetchTarball "https://a.org/b""#],
                    "access to URI 'https://a.org/b' is forbidden in restricted"
                ),
                (
                    ["--allowed-uris", "https://a.or", "-E", #"fetchTarball "https://a.org/b""#],
                    "access to URI 'https://a.org/b' is forbidden in restricted"
                ),
                (["--allowed-uris", "https://a.org", "-E", #"fetchTarball "https://a.org/b""#], "opens no connection"),
            ] {
                let outcome = try await run(words)
                #expect(outcome.status == 1 && outcome.messages.contains(message), "\(words): \(outcome)")
            }
        }
    }

    @Test func warningsCanEndTheEvaluation() async throws {
        try await inFolder { folder in
            let source = ["eval", "-E", #"builtins.tryEval (builtins.warn "w" 1)"#]
            for (words, environment) in [
                (["--abort-on-warn"], [:]), ([], ["NIX_ABORT_ON_WARN": "1"]),
                ([], ["NIX_CONFIG": "abort-on-warn = true"]),
            ] {
                let outcome = try await FirnProcess.run(source + words, in: folder, environment: environment)
                #expect(outcome.status == 1 && outcome.messages.hasPrefix("evaluation warning: w\n"))
                #expect(
                    outcome.messages.contains(
                        "error: aborting to reveal stack trace of warning, as abort-on-warn is set"))
            }
            let off = try await FirnProcess.run(
                source + ["--no-abort-on-warn", "--strict"], in: folder, environment: ["NIX_ABORT_ON_WARN": "1"])
            #expect(off.status == 0 && off.messages == "evaluation warning: w\n")
        }
    }

    @Test func workTreesWithChangesAreTakenAsTheSettingsSay() async throws {
        try await inFolder(["repo/a": "1"]) { folder in
            let script = """
                cd repo; git init -q; git add a; git -c user.name=n -c user.email=e commit -qm m; echo 2 > a; cd ..
                for words in "--warn-dirty" "--no-warn-dirty" "--no-allow-dirty"; do
                    "$0" eval $words -E 'builtins.readFile "${builtins.fetchGit ./repo}/a"'
                done
                """
            let outcome = try await FirnProcess.run(script: script, in: folder)
            #expect(outcome.output == "\"2\\n\"\n\"2\\n\"\n")
            let dirty = "Git tree '\(folder.path)/repo' is dirty\n"
            #expect(outcome.messages.hasPrefix("warning: \(dirty)error:"), "\(outcome.messages)")
            #expect(outcome.messages.hasSuffix("error: \(dirty)"))
        }
    }

    @Test func argumentsCanComeFromFiles() async throws {
        try await inFolder(["text": "t"]) { folder in
            let script = """
                printf in | "$0" eval -E '{ a, b }: a + b' --arg-from-file a text --arg-from-stdin b
                "$0" eval -E '{ a }: a' --arg-from-file a missing; "$0" eval - --arg-from-stdin a
                """
            let outcome = try await FirnProcess.run(script: script, in: folder)
            #expect(outcome.output == "\"tin\"\n" && outcome.status == 2)
            #expect(outcome.messages.contains("path '\(folder.path)/missing' does not exist"))
            #expect(outcome.messages.contains("can be read only once"))
        }
    }

    @Test(arguments: [
        ("helo", "attribute 'helo' in selection path 'helo' not found\n       Did you mean one of hello or help?"),
        ("zzzzz", "attribute 'zzzzz' in selection path 'zzzzz' not found\n"),
        ("hello.0", "the expression selected by the selection path 'hello.0' should be a list but is an integer"),
        ("list.x", "the expression selected by the selection path 'list.x' should be a set but is a list"),
        ("list.9", "list index 9 in selection path 'list.9' is out of range"),
        (".list", "empty attribute name in selection path '.list'"),
        (
            "map.x",
            "the expression selected by the selection path 'map.x' should be a set but is the built-in function 'map'"
        ),
    ])
    func selectionsThatLeadNowhereAreExplained(_ path: String, _ message: String) async throws {
        try await inFolder { folder in
            let source = "{ hello = 1; help = 2; list = [ 5 ]; inherit map; }"
            let outcome = try await FirnProcess.run(["eval", "-E", source, "-A", path], in: folder)
            #expect(outcome.status == 1 && outcome.messages.contains(message), "\(outcome.messages)")
        }
    }
}
