import Foundation
import Testing

/// `eval` and `instantiate` with a store that is written.
@Suite struct StoreCommandTests {
    private func run(_ script: String) async throws -> LanguageOutcome {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("src"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("text\n".utf8).write(to: folder.appendingPathComponent("src/file"))
        let source = """
            let make = name: derivation { inherit name; system = "s"; builder = "b"; src = ./src; };
            in { a = make "a"; b = make "b"; }
            """
        try Data(source.utf8).write(to: folder.appendingPathComponent("a.nix"))
        // What is in a store may not be removed without being made writable.
        let outcome = try await FirnProcess.run(
            script: "\(script)\nstatus=$?; chmod -R u+w .; exit $status", in: folder)
        return outcome
    }

    private static let warning =
        "warning: you did not specify '--add-root'; the result might be removed by the garbage collector\n"

    @Test func instantiatesIntoADirectory() async throws {
        let outcome = try await run(
            #"paths=$("$0" instantiate a.nix --store ./s) && for path in $paths; do head -c 7 s$path; done; ls s/nix/store | wc -l"#
        )
        #expect(outcome.status == 0 && outcome.output == "Derive(Derive(3\n")
        // The warning comes once, although there are two derivations.
        #expect(outcome.messages == Self.warning)
    }

    @Test func makesRoots() async throws {
        let outcome = try await run(
            #"""
            "$0" instantiate a.nix --store ./s --add-root ./r/x --indirect --gc-roots-dir g > out || exit
            sed "s,$PWD,," out; for link in r/x r/x-2; do test -f "s$(readlink $link)" || echo $link; done; ls g | cut -d- -f2
            """#)
        #expect(outcome.status == 0 && outcome.messages == "")
        #expect(outcome.output == "/r/x\n/r/x-2\na.drv\nb.drv\n")
    }

    @Test func refusesRootsWithoutAStore() async throws {
        for arguments in ["--add-root ./r", "--gc-roots-dir g", "--add-root ./r --export x"] {
            let outcome = try await run(#""$0" instantiate a.nix \#(arguments)"#)
            #expect(outcome.status == 2 && outcome.output == "", "\(arguments)")
            #expect(outcome.messages.contains("need a store that is written"), "\(arguments)")
        }
        #expect(try await run(#""$0" instantiate a.nix --indirect"#).status == 2)
        #expect(try await run(#""$0" eval a.nix --store here"#).status == 2)
        #expect(try await run(#""$0" eval a.nix --store ./s --export x"#).status == 2)
    }

    @Test func followsTheEnvironment() async throws {
        let remote = try await run(#"NIX_REMOTE=./s "$0" instantiate a.nix -A a > out && ls s/nix/store | cut -d- -f2"#)
        #expect(remote.output == "a.drv\nsrc\n" || remote.output == "src\na.drv\n")
        let readOnly = try await run(#"NIX_REMOTE=./s "$0" instantiate --readonly-mode a.nix > out && ls -d s"#)
        #expect(readOnly.status != 0 && !readOnly.messages.contains("warning"))
        let evaluated = try await run(#"NIX_REMOTE=./s "$0" eval --raw -E '"${./src}"' > out; ls -d s"#)
        #expect(evaluated.status != 0)
        let own = try await run(
            #"NIX_STORE_DIR=$PWD/s/ "$0" eval --raw --read-write-mode -E '"${./src}/file"' > out; cat "$(cat out)""#)
        #expect(own.output == "text\n" && own.status == 0)
        #expect(try await run(#"NIX_STORE_DIR=s "$0" eval -E 1"#).status == 2)
        #expect(try await run(#"NIX_STORE_DIR=/s/t "$0" eval -E 'builtins.storeDir'"#).output == "\"/s/t\"\n")
    }

    @Test func exportsToFilesAndPipes() async throws {
        let outcome = try await run(
            #"""
            "$0" instantiate a.nix --export x || exit
            "$0" instantiate a.nix --export - 2> shown | cmp - x || exit
            cat shown; "$0" eval --export x -E 'throw "no"'; ls *.tmp .*.tmp; grep -ao NIXE x | wc -l
            """#)
        let paths = outcome.output.split(separator: "\n").filter { $0.hasPrefix("/nix/store/") }
        #expect(paths.count == 4 && Set(paths).count == 2)
        #expect(!outcome.messages.contains(Self.warning) && outcome.messages.contains("error: no"))
        #expect(outcome.output.hasSuffix("\n3\n") && outcome.status == 0)
    }

    @Test func saysWhereNoDaemonListens() async throws {
        let outcome = try await run(#""$0" instantiate a.nix --store unix://none"#)
        #expect(outcome.status == 1 && outcome.output == "")
        #expect(outcome.messages.contains("/none': No such file or directory; start nix-daemon"))
    }
}
