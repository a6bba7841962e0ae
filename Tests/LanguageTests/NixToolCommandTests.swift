import Foundation
import Testing

/// The executable under the names of Nix's commands.
@Suite struct NixToolCommandTests {
    /// Runs a script in which `nix-env`, `nix-instantiate` and `nix-store` are firn.
    private func run(_ script: String, _ files: [String: String] = [:]) async throws -> LanguageOutcome {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files.merging(["a.nix": Self.packages], uniquingKeysWith: { one, _ in one }) {
            let file = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let start = #""$0" nix-commands bin > /dev/null || exit 9; export PATH="$PWD/bin:$PATH""#
        // What is in a store may not be removed without being made writable.
        return try await FirnProcess.run(
            script: "\(start)\n\(script)\nstatus=$?; chmod -R u+w .; exit $status", in: folder)
    }

    private static let packages = """
        { n ? 1 }:
        let
          d = name: rest: derivation ({ inherit name; system = "s"; builder = "b"; } // rest);
          meta = { description = "first\\nline"; count = 3; share = 0.5; free = true; tags = [ "x" 1 "y" ];
            license = { name = "<L>"; n = 1; }; odd = null; };
        in {
          app = d "app-1.0" { outputs = [ "out" "dev" ]; } // { inherit meta; };
          same = d "app-1.2" { };
          lib = { recurseForDerivations = true; z = d "Zlib-${toString n}" { }; a = throw "no"; };
          hidden.h = d "hidden-1" { };
          late = d "late-1" { builder = throw "later"; };
          number = 1;
        }
        """

    @Test func packagesAreShownInColumns() async throws {
        let outcome = try await run("nix-env -f a.nix -qaP --out-path --system --description")
        let lines = outcome.output.split(separator: "\n").map { line in
            line.split(separator: " ").map { $0.replacing(/\/nix\/store\/[0-9a-z]{32}/, with: "S") }
        }
        #expect(
            lines == [
                ["app", "app-1.0", "s", "dev=S-app-1.0-dev;S-app-1.0", "first", "line"],
                ["same", "app-1.2", "s", "S-app-1.2"],
                ["lib.z", "Zlib-1", "s", "S-Zlib-1"],
            ])
        // All but the last columns are as wide as their widest texts, and two spaces.
        #expect(outcome.output.split(separator: "\n").allSatisfy { $0.utf8.dropFirst(7).first != UInt8(ascii: " ") })
        #expect(outcome.status == 0 && outcome.messages == "")
    }

    @Test(arguments: [
        ("-qa", "app-1.0\napp-1.2\nlate-1\nZlib-1\n"), ("-qaP --no-name", "app\nsame\nlate\nlib.z\n"),
        ("-qa 'a.*' Zlib", "app-1.0\napp-1.2\nZlib-1\n"), ("-qa app-1.2", "app-1.2\n"),
        ("-qa '*'", "app-1.0\napp-1.2\nlate-1\nZlib-1\n"),
        ("-qaA lib", "Zlib-1\n"), ("-qaPA lib --arg n 2", "lib.z  Zlib-2\n"), ("-qa --system-filter t", ""),
        ("-qac", "app-1.0  - \napp-1.2  - \nlate-1   - \nZlib-1   - \n"), ("-q", ""),
    ])
    func packagesAreSelected(_ arguments: String, _ output: String) async throws {
        let outcome = try await run("nix-env -f a.nix \(arguments)")
        #expect(outcome.output == output && outcome.status == 0 && outcome.messages == "", "\(outcome)")
    }

    @Test(arguments: [
        ("nix-env -f a.nix -qa ap", "error: selector 'ap' matches no derivations, maybe you meant:\n       app\n"),
        ("nix-env -f a.nix -qa zzz", "error: selector 'zzz' matches no derivations\n"),
        (
            "nix-env -f a.nix -qP",
            "error: --attr-path(-P) only works with --available\nTry 'nix-env --help' for more information.\n"
        ),
        ("nix-env -f a.nix", "error: no operation specified\nTry 'nix-env --help' for more information.\n"),
        (
            "nix-env -i app",
            "error: 'nix-env -i' changes or lists generations of a profile, which only Nix's own command does; firn has --query\n"
        ),
        (
            "nix-store -r /nix/store/x",
            "error: 'nix-store -r' builds, which firn does not; use Nix's own nix-store --realise\n"
        ),
        ("nix-env -qa --bogus", "error: unknown flag '--bogus'\nTry 'nix-env --help' for more information.\n"),
        ("nix-store -q --bogus", "error: unknown flag '--bogus'\nTry 'nix-store --help' for more information.\n"),
        ("nix-instantiate --bogus", "error: unrecognised flag '--bogus'\n"),
        ("nix-instantiate -A", "error: '-A' requires an argument\n"),
        ("nix-store -q /tmp", "error: path '/tmp' is not in the Nix store\n"),
        ("nix-instantiate -E 'assert false; 1'", "error: assertion 'false' failed"),
    ])
    func errorsAreThoseOfTheCommand(_ command: String, _ message: String) async throws {
        let outcome = try await run(command)
        #expect(outcome.status == 1 && outcome.output == "" && outcome.messages.hasPrefix(message), "\(outcome)")
    }

    @Test func anErrorNamesItsPackage() async throws {
        let source = "{ a = derivation { name = \"x\"; system = \"s\"; builder = abort \"stop\"; }; }"
        let outcome = try await run("nix-env -f b.nix -qa --out-path", ["b.nix": source])
        #expect(outcome.status == 1 && outcome.output == "")
        #expect(outcome.messages.contains("while querying the derivation named 'x'"))
        #expect(outcome.messages.contains("evaluation aborted with the following error message: 'stop'"))
    }

    /// What Nix shows of a package whose output paths end in an assertion, and of data that is none.
    @Test func jsonHasWhatWasEvaluated() async throws {
        let outcome = try await run("nix-env -f a.nix -qa --json --meta --out-path app late Zlib")
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: [String: Any]]
        let packages = try #require(object)
        #expect(packages.keys.sorted() == ["app", "late", "lib.z", "same"])
        #expect(packages["late"]?.keys.sorted() == ["name", "outputName", "pname", "system", "version"])
        #expect(packages["lib.z"]?["meta"] as? [String: String] == [:])
        let meta = try #require(packages["app"]?["meta"] as? [String: Any])
        #expect(meta["count"] as? Int == 3 && meta["odd"] is NSNull && meta["share"] as? Double == 0.5)
        #expect((packages["app"]?["outputs"] as? [String: String])?.keys.sorted() == ["dev", "out"])
        #expect(outcome.messages == "derivation 'app-1.0' has invalid meta attribute 'odd'\n" && outcome.status == 0)
        #expect(try await run("nix-env -f a.nix -qa --json --system-filter t").output == "{}\n")
    }

    @Test func xmlHasOutputsAndMeta() async throws {
        let outcome = try await run("nix-env -f a.nix -qa --xml --meta --description app-1.0")
        #expect(
            outcome.output == """
                <?xml version='1.0' encoding='utf-8'?>
                <items>
                  <item attrPath="app" description="first&#xA;line" name="app-1.0" outputName="out" pname="app" system="s" version="1.0">
                    <output name="dev" />
                    <output name="out" />
                    <meta name="count" type="int" value="3" />
                    <meta name="description" type="string" value="first&#xA;line" />
                    <meta name="free" type="bool" value="true" />
                    <meta name="license" type="strings">
                      <string type="name" value="&lt;L&gt;" />
                    </meta>
                    <meta name="share" type="float" value="0.5" />
                    <meta name="tags" type="strings">
                      <string value="x" />
                      <string value="y" />
                    </meta>
                  </item>
                </items>

                """)
    }

    /// A heap of one byte is always full, so that the packages are evaluated in many heaps.
    @Test func freshHeapsChangeNothing() async throws {
        let source = """
            let d = n: derivation { name = "p-${toString n}"; system = "s"; builder = toString (builtins.genList (i: i + n) 99); };
            in builtins.listToAttrs (builtins.genList (n: { name = "p${toString n}"; value = d n; }) 40)
              // { nested = [ { x = d 100; } (d 101) ]; open = { recurseForDerivations = true; y = d 102; same = d 103; }; }
            """
        let arguments = "-f b.nix -qaP --out-path --drv-path --system"
        let one = try await run("NIX_SHOW_STATS=1 nix-env \(arguments)", ["b.nix": source])
        let many = try await run("NIX_SHOW_STATS=1 nix-env \(arguments) --heap-size 1", ["b.nix": source])
        #expect(one.output == many.output && one.output.split(separator: "\n").count == 42)
        // The file is evaluated again in each heap.
        func calls(_ outcome: LanguageOutcome) throws -> Int {
            let counts = try JSONSerialization.jsonObject(with: Data(outcome.messages.utf8)) as? [String: Any]
            return try #require(counts?["nrPrimOpCalls"] as? Int)
        }
        #expect(try calls(many) > calls(one))
    }

    @Test func directoriesOfExpressionsAreCombined() async throws {
        let d = "derivation { name = \"NAME\"; system = \"s\"; builder = \"b\"; }"
        let files = [
            "e/one.nix": d.replacing("NAME", with: "one"),
            "e/sub/two.nix": "{ }: { x = \(d.replacing("NAME", with: "two")); }",
            "e/three/default.nix": "{ y = \(d.replacing("NAME", with: "three")); }", "e/manifest.nix": "abort \"read\"",
            "e/note.txt": "abort",
        ]
        let outcome = try await run("nix-env -f e -qaP", files)
        #expect(
            outcome.output == "one      one\nthree.y  three\ntwo.x    two\n" && outcome.messages == "", "\(outcome)")
        let home = try await run("mkdir h && mv e h/.nix-defexpr && HOME=$PWD/h nix-env -qa one", files)
        #expect(home.output == "one\n")
        let none = try await run("HOME=$PWD/none nix-env -qa; ls none")
        #expect(none.output == "" && !none.messages.contains("error:"))
    }

    @Test func profilesAreRead() async throws {
        let manifest = """
            [ { type = "derivation"; name = "app-1.1"; system = "s"; outPath = "/nix/store/00000000000000000000000000000000-app-1.1"; } ]
            """
        let files = ["p/manifest.nix": manifest, "new/manifest.json": "{}"]
        #expect(try await run("nix-env -p p -q", files).output == "app-1.1\n")
        #expect(
            try await run("NIX_PROFILE=p nix-env -q --installed --out-path --no-name", files).output
                == "/nix/store/00000000000000000000000000000000-app-1.1\n")
        #expect(try await run("nix-env -p p -f a.nix -qac app", files).output == "app-1.0  < 1.1\napp-1.2  > 1.1\n")
        #expect(try await run("nix-env -p p -f a.nix -qc", files).output == "app-1.1  < 1.2\n")
        let refused = try await run("nix-env -p new -q", files)
        #expect(refused.status == 1 && refused.messages.contains("please use 'nix profile' instead"))
    }

    @Test func versionsAreLikeThoseOfNix() async throws {
        for tool in ["nix-env", "nix-instantiate", "nix-store"] {
            let outcome = try await run("\(tool) --version; \(tool) -v --version | tail -n +2 | cut -d' ' -f1")
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.first?.wholeMatch(of: try Regex("\(tool) \\(Nix\\) [0-9.]+")) != nil)
            #expect(lines.dropFirst().first == "Firn")
            let help = try await run("\(tool) --help")
            #expect(help.status == 0 && help.output.contains("USAGE: \(tool) ") && help.output.contains("Example:"))
        }
    }

    @Test func linksAreReplacedAndFilesAreNot() async throws {
        let outcome = try await run(
            #""$0" nix-commands --json bin; rm bin/nix-env; touch bin/nix-env; "$0" nix-commands bin"#)
        #expect(outcome.status == 1 && outcome.output.contains(#""nix-store":"#))
        #expect(outcome.messages.contains("is no symbolic link; it is not replaced"))
    }
}
