import Foundation
import Testing

/// `nix-instantiate` and `nix-store` as names of the executable, and settings that only show in a process.
@Suite struct NixInstantiateTests {
    private func run(_ script: String) async throws -> LanguageOutcome {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(Self.source.utf8).write(to: folder.appendingPathComponent("default.nix"))
        let start = #""$0" nix-commands bin > /dev/null || exit 9; export PATH="$PWD/bin:$PATH""#
        return try await FirnProcess.run(
            script: "\(start)\n\(script)\nstatus=$?; chmod -R u+w .; exit $status", in: folder)
    }

    private static let source = """
        let d = name: rest: derivation ({ inherit name; system = "s"; builder = "b"; } // rest); in
        rec {
          low = d "low" { text = "t"; };
          high = d "high" { inherit low; file = builtins.toFile "f" "${builtins.toFile "g" "t"}"; outputs = [ "out" "dev" ]; };
          dev = high.dev;
        }
        """

    @Test(arguments: [
        ("--eval -E '{ a = 1; }'", "{ a = 1; }\n"), ("--eval -E '{ a = [ (1 + 1) ]; }'", "{ a = <CODE>; }\n"),
        ("--eval --strict -E '{ a = [ (1 + 1) ]; }'", "{ a = [ 2 ]; }\n"), ("--eval --xml --json -E 1", "1\n"),
        ("--eval --strict --json -E '{ a = 1; }' -A a", "1\n"), ("--eval --raw -E '\"x\"'", "x"),
        ("--eval --raw -E '{ outPath = \"o\"; }'", "o"), ("--eval --raw ./. -A low | cut -c1-11", "/nix/store/\n"),
        ("--eval --raw -E ./default.nix | cut -d- -f2", "default.nix\n"),
        ("--parse -E 'x: x + 1'", "(x: (x + 1))\n"), ("--parse-only -E 1 -A ignored 2", "1\n2\n"),
        ("--eval -A low.name", "\"low\"\n"), ("--eval-only --eval-system t -E builtins.currentSystem", "\"t\"\n"),
        ("--eval --arg x 1 --argstr y z -E '{ x, y }: [ x y ]' --strict", "[ 1 \"z\" ]\n"),
        ("--find-file -I d=$PWD d/default.nix | sed s,$PWD,,", "/default.nix\n"), ("--eval -E - <<< 2", "2\n"),
        ("--eval - -A low.name < default.nix", "\"low\"\n"),
    ])
    func expressionsAreEvaluated(_ arguments: String, _ output: String) async throws {
        let words = arguments.replacing(" <<< 2", with: "")
        let outcome = try await run((words == arguments ? "" : "echo 2 | ") + "nix-instantiate \(words)")
        #expect(outcome.output == output && outcome.status == 0 && outcome.messages == "", "\(outcome)")
    }

    @Test func derivationsAreInstantiated() async throws {
        let outcome = try await run("nix-instantiate -A dev -A low | sed 's,.*-,,'")
        #expect(outcome.output == "high.drv!dev\nlow.drv\n" && outcome.messages == "")
        // The warning comes only where a store is written.
        let written = try await run("nix-instantiate --store ./s -A low > out; test -f s$(cat out)")
        #expect(written.status == 0 && written.messages.contains("you did not specify '--add-root'"))
        let rooted = try await run(
            "nix-instantiate --store ./s -A low --add-root r --indirect; readlink r | sed 's,.*-,,'")
        #expect(rooted.output.hasSuffix("/r\nlow.drv\n") && rooted.messages == "")
    }

    @Test func whatPrecedesAFailureIsPrinted() async throws {
        let outcome = try await run(
            "nix-instantiate -E '[ (import ./. ).low { type = \"derivation\"; name = \"x\"; drvPath = 1; } ]'")
        #expect(outcome.status == 1 && outcome.output.hasSuffix("-low.drv\n") && !outcome.messages.isEmpty)
    }

    @Test func storesAreQueried() async throws {
        let outcome = try await run(
            #"""
            high=$(nix-instantiate --store ./s -A high 2> /dev/null); q="nix-store --store ./s -q"
            strip() { sed -E 's,/nix/store/,,; s,[0-9a-z]{32}-,,g'; }
            $q --references $high | strip; echo; $q -R $high | strip; echo; $q --outputs $high | strip; echo
            $q $high -b name; $q --tree $high | strip; echo; $q --graph $high | strip; echo
            $q --deriver $high $($q $high) | strip; echo; low=$($q --references $high | grep low)
            $q --referrers $low | strip; echo; ln -s $high link; $q --resolve $high/x link | strip
            """#)
        #expect(outcome.status == 0, "\(outcome)")
        let parts = outcome.output.split(separator: "\n\n", omittingEmptySubsequences: false)
        try #require(parts.count == 8, "\(outcome)")
        #expect(parts[0].split(separator: "\n").sorted() == ["f", "low.drv"])
        #expect(
            parts[1].hasSuffix("high.drv")
                && parts[1].split(separator: "\n").sorted() == ["f", "g", "high.drv", "low.drv"])
        #expect(parts[2].split(separator: "\n").sorted() == ["high", "high-dev"])
        #expect(parts[3].hasPrefix("high\nhigh.drv\n") && parts[3].contains("└───") && parts[3].contains("├───"))
        #expect(parts[4].hasPrefix("digraph G {\n") && parts[4].hasSuffix("\n}"))
        #expect(parts[4].contains(#""low.drv" -> "high.drv" [color = "#))
        #expect(parts[5] == "unknown-deriver\nhigh.drv\nhigh.drv")
        #expect(parts[6] == "high.drv")
        #expect(parts[7] == "high.drv\nhigh.drv\n")
    }

    @Test func aStoreIsMade() async throws {
        let outcome = try await run("nix-store --init && nix-store --init --store ./s && ls -d s/nix/store")
        #expect(outcome.output == "s/nix/store\n" && outcome.status == 0 && outcome.messages == "")
    }

    @Test func pureEvaluationsReadNothing() async throws {
        let outcome = try await run("nix-instantiate --eval --pure-eval -E 'builtins.readFile ./default.nix'")
        #expect(
            outcome.status == 1
                && outcome.messages.contains("is forbidden in pure evaluation mode (use '--impure' to override)"))
        let lifted = try await run("nix-instantiate --eval --pure-eval --impure -E 'builtins.pathExists ./default.nix'")
        #expect(lifted.output == "true\n")
        #expect(try await run("nix-instantiate --eval --pure-eval ./.").status == 1)
    }

    @Test func callsAreTraced() async throws {
        let outcome = try await run(
            #""$0" eval --trace-function-calls -E 'let f = x: builtins.length [ x ]; in f (1 + 1)'"#)
        #expect(outcome.output == "1\n")
        let lines = outcome.messages.split(separator: "\n").map { line in
            line.split(separator: " ").dropLast(2).joined(separator: " ")
        }
        #expect(
            lines == [
                "function-trace entered «string»:1:12:f", "function-trace entered primop length",
                "function-trace exited primop length", "function-trace exited «string»:1:12:f",
            ])
    }

    @Test func stacksAreSampled() async throws {
        let outcome = try await run(
            #"""
            "$0" eval --eval-profiler flamegraph --eval-profiler-frequency 0 --eval-profile-file out \
                -E 'let f = x: if x == 0 then 0 else g (x - 1) + 1; g = x: f x + 1; in f 1' && cat out
            """#)
        #expect(outcome.status == 0 && outcome.messages == "")
        #expect(
            outcome.output == """
                2
                «string»:1:15:f 1
                «string»:1:15:f;«string»:1:56:g 1
                «string»:1:15:f;«string»:1:56:g;«string»:1:15:f 1

                """)
        let refused = try await run(#""$0" eval --eval-profiler flamegraph --eval-profile-file no/where -E 1"#)
        #expect(refused.status == 1 && refused.output == "" && refused.messages.contains("no/where"))
    }
}
