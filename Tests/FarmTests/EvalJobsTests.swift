import Foundation
import TestSupport
import Testing

/// `firn eval-jobs` with a farm of its own.
@Suite struct EvalJobsTests {
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "firn-eval-jobs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try write("jobs.nix", Self.jobs)
    }

    private func write(_ name: String, _ text: String) throws {
        try text.write(to: directory.appending(path: name), atomically: true, encoding: .utf8)
    }

    private func path(_ name: String) -> String { directory.appending(path: name).path }

    static let jobs = """
        { prefix ? "" }:
        let
          drv = name: more: derivation ({
            name = prefix + name; system = "x86_64-linux"; builder = "/bin/sh";
            args = [ "-c" "echo ${name} > $out" ];
          } // more);
        in rec {
          leaf = drv "leaf" { outputs = [ "out" "dev" ]; requiredSystemFeatures = [ "kvm" ]; };
          user = drv "user" { inherit leaf; } // { meta.description = "uses leaf"; };
          inherit (import ./more.nix) broken;
          noisy = builtins.trace "heard" (builtins.warn "careful" (drv "noisy" { }));
          below = { recurseForDerivations = true; deep = drv "deep" { }; };
          one = drv "aggregate" { _hydraAggregate = true; constituents = [ "leaf" "below.deep" ]; };
          two = drv "outer" { _hydraAggregate = true; _hydraGlobConstituents = true; constituents = [ "on*" "us*" ]; };
        }
        """

    /// Runs the command and returns its objects by attribute.
    private func run(
        _ arguments: [String], expecting code: Int32 = 0
    ) async throws -> (jobs: [String: [String: Any]], output: String, errors: String) {
        let result = try await FarmProcess.run(["eval-jobs"] + arguments)
        #expect(result.code == code, "\(result)")
        var jobs: [String: [String: Any]] = [:]
        for line in result.output.split(separator: "\n") {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            guard let job = object as? [String: Any], let name = job["attr"] as? String else { continue }
            jobs[name] = job
        }
        return (jobs, result.output, result.errors)
    }

    @Test func jobsHaveTheFieldsOfNixEvalJobs() async throws {
        try write("more.nix", "{ broken = throw \"no way\"; }")
        let result = try await run([
            path("jobs.nix"), "--workers", "2", "--meta", "--show-input-drvs", "--stats", "--summary", "--argstr",
            "prefix", "p-", "--apply", "drv: { inherit (drv) name; }",
        ])
        let user = try #require(result.jobs["user"])
        let leaf = try #require(result.jobs["leaf"])
        let leafPath = try #require(leaf["drvPath"] as? String)
        #expect(leafPath.hasSuffix("-p-leaf.drv"))
        #expect(user["inputDrvs"] as? [String: [String]] == [leafPath: ["out"]])
        #expect(user["attrPath"] as? [String] == ["user"])
        #expect((user["meta"] as? [String: String]) == ["description": "uses leaf"])
        #expect((user["extraValue"] as? [String: String]) == ["name": "p-user"])
        #expect(leaf["requiredSystemFeatures"] as? [String] == ["kvm"])
        #expect((leaf["outputs"] as? [String: String])?.keys.sorted() == ["dev", "out"])
        #expect(leaf["meta"] is NSNull)
        let stats = try #require(leaf["stats"] as? [String: Int])
        #expect(stats.keys.sorted() == ["allocatedBytes", "cpuNs", "fuel", "wallNs"] && stats["fuel"] ?? 0 > 0)
        #expect(result.jobs["below.deep"]?["attrPath"] as? [String] == ["below", "deep"])
        let error = try #require(result.jobs["broken"]?["error"] as? String)
        #expect(error.contains("error: no way") && result.jobs["broken"]?["fatal"] == nil)
        #expect(result.output.hasSuffix(#"{"summary":{"derivations":6,"errors":1,"attributes":10}}"# + "\n"))
        #expect(
            result.errors.contains("noisy: trace: heard\n")
                && result.errors.contains("noisy: evaluation warning: careful"))
        #expect(result.errors.hasSuffix("complete: 6 derivations, 1 errors, 10 attributes visited\n"))
    }

    /// A set that is large enough is evaluated once, kept as an image, and made again when a file has changed.
    @Test func largeSetsStartFromAnImage() async throws {
        let set = """
            { suffix }: let
              shared = import ./shared.nix;
              drv = n: derivation { name = "p${toString n}-${shared}"; inherit suffix; system = "x86_64-linux"; builder = "b"; };
            in builtins.listToAttrs (
              builtins.genList (n: { name = "a${toString n}"; value = if n == 7 then throw "no" else drv n; }) 300)
            """
        try write("large.nix", set)
        try write("shared.nix", "\"one\"")
        let caches = path("caches")
        func run(_ more: [String] = []) async throws -> (lines: [String], errors: String) {
            let result = try await FarmProcess.run(
                ["eval-jobs", path("large.nix"), "--workers", "2", "--argstr", "suffix", "$x\"\\"] + more,
                environment: ["FIRN_CACHE_DIR": caches])
            #expect(result.code == 0, "\(result.errors)")
            return (result.output.split(separator: "\n").map(String.init).sorted(), result.errors)
        }
        func images() -> [String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: caches + "/images")) ?? []
            return names.filter { $0.hasSuffix(".image") }
        }
        func inode() throws -> Int? {
            let image = try #require(images().first)
            return try FileManager.default.attributesOfItem(atPath: "\(caches)/images/\(image)")[.systemFileNumber]
                as? Int
        }
        let plain = try await run(["--no-cache"])
        #expect(images().isEmpty && plain.lines.count == 300)
        let first = try await run()
        let made = try inode()
        #expect(first.lines == plain.lines)
        #expect(try await run().lines == plain.lines)
        #expect(try inode() == made, "it was found")
        try write("shared.nix", "\"other\"")
        let changed = try await run()
        #expect(changed.lines.count == 300 && changed.lines.contains { $0.contains("-other") })
        #expect(try inode() != made && images().count == 1)
    }

    /// An aggregate that was rewritten is the derivation that has the same text and the constituents as inputs.
    @Test func aggregatesDependOnTheirConstituents() async throws {
        try write(
            "aggregates.nix",
            """
            let
              drv = name: more: derivation ({ inherit name; system = "s"; builder = "b"; } // more);
              key = drv: builtins.unsafeDiscardStringContext drv.drvPath;
              aggregate = more: drv "aggregate" ({ _hydraAggregate = true; } // more);
            in rec {
              # The first one of the outputs is taken, by their names.
              leaf = drv "leaf" { outputs = [ "out" "dev" ]; };
              deep = drv "deep" { inherit leaf; };
              one = aggregate { constituents = [ "leaf" "deep" ]; };
              # The same text with the context of both, which is no job that anything is done to.
              context = { ${key leaf}.outputs = [ "dev" ]; ${key deep}.outputs = [ "out" ]; };
              wanted = aggregate { constituents = [ "leaf" (builtins.appendContext "deep" context) ]; }
                // { _hydraAggregate = false; };
              outer = drv "outer" { _hydraAggregate = true; constituents = [ "one" ]; };
              wantedOuter = drv "outer" {
                _hydraAggregate = true;
                constituents = [ (builtins.appendContext "one" { ${key wanted}.outputs = [ "out" ]; }) ];
              } // { _hydraAggregate = false; };
            }
            """)
        let result = try await run([path("aggregates.nix"), "--workers", "1", "--constituents"])
        let one = try #require(result.jobs["one"])
        let wanted = try #require(result.jobs["wanted"])
        #expect(one["drvPath"] as? String == wanted["drvPath"] as? String)
        #expect(one["outputs"] as? [String: String] == wanted["outputs"] as? [String: String])
        #expect(
            one["constituents"] as? [String]
                == ["deep", "leaf"].compactMap { result.jobs[$0]?["drvPath"] as? String })
        #expect(one["namedConstituents"] == nil && one["error"] == nil)
        // An aggregate of aggregates has them as they are when they are rewritten.
        let outer = try #require(result.jobs["outer"])
        #expect(outer["drvPath"] as? String == result.jobs["wantedOuter"]?["drvPath"] as? String)
        #expect(outer["constituents"] as? [String] == [one["drvPath"] as? String].compactMap { $0 })
    }

    @Test func aggregatesTellWhatBreaksThem() async throws {
        try write("more.nix", "{ broken = throw \"no way\"; }")
        let result = try await run([
            path("jobs.nix"), "--workers", "1", "--constituents", "--select",
            "set: { inherit (set) leaf two; oneself = set.one; usable = set.broken; }",
        ])
        let outer = try #require(result.jobs["two"])
        let error = try #require(outer["error"] as? String)
        // `oneself` names a job that is not there, and this aggregate a job that failed.
        #expect(error.hasPrefix("usable: error:") && error.contains("us*: constituent glob pattern had no matches\n"))
        #expect(result.jobs["oneself"]?["error"] as? String == "below.deep: does not exist\n")
        #expect(result.errors.hasSuffix("complete: 1 derivations, 3 errors, 5 attributes visited\n"))
    }

    @Test func theFirstErrorMayEndTheRun() async throws {
        try write("more.nix", "{ broken = throw \"no way\"; }")
        let result = try await run([path("jobs.nix"), "--workers", "1", "--fail-on-error"], expecting: 1)
        #expect(result.jobs["broken"]?["error"] != nil)
        #expect(result.errors.contains("incomplete: "))
        #expect(result.errors.hasSuffix("error: --fail-on-error: the attribute 'broken' cannot be evaluated\n"))
    }

    @Test func exitCodesTellApartWhatFailed() async throws {
        for arguments in [
            ["--expr", "--flake", "x"], ["x", "--workers", "0"], ["x", "--max-memory-size", "10"], [],
            ["x", "--eval-store", "auto"], ["-E", "1", "-I", "nowhere=/no/such/directory"],
        ] {
            #expect(try await FarmProcess.run(["eval-jobs"] + arguments).code == 2, "\(arguments)")
        }
        _ = try await run(["-E", "throw \"all\"", "--workers", "1"], expecting: 1)
        // The functions of other options are sources of the same name.
        let failed = try await run(["-E", "{ a = 1; }.nothing", "--workers", "1", "--apply", "x: x"], expecting: 1)
        #expect(failed.errors.contains("1| { a = 1; }.nothing\n"), "\(failed)")
        let missing = ["-E", "{ }", "--endpoint", "ipc://\(path("nobody"))"]
        let unreachable = try await run(missing, expecting: 3)
        #expect(unreachable.errors.contains("nobody"))
        let daemon = try await FarmProcess.run(
            ["eval-jobs", "-E", "{ }", "--check-cache-status"],
            environment: ["NIX_DAEMON_SOCKET_PATH": path("no-socket")])
        #expect(daemon.code == 1 && daemon.errors.contains("--check-cache-status asks the Nix daemon: cannot connect"))
    }

    @Test func messagesMayBeJSON() async throws {
        let result = try await run([
            "-E", #"{ a = builtins.trace "say \"x\"" 1; }"#, "--workers", "1", "--log-format", "internal-json",
        ])
        #expect(
            result.errors == #"@nix {"action":"msg","level":3,"msg":"a: trace: say \"x\""}"# + "\n"
                + #"@nix {"action":"msg","level":3,"msg":"complete: 0 derivations, 0 errors, 2 attributes visited"}"#
                + "\n")
    }

    @Test func whatIsLookedUpIsFound() async throws {
        try write("set.nix", "{ drv = derivation { name = \"found\"; system = \"s\"; builder = \"b\"; }; }")
        let result = try await run(["<here/set.nix>", "-I", "here=\(directory.path)", "--workers", "1"])
        #expect(result.jobs["drv"]?["name"] as? String == "found")
        let root = ["--root", "set=\(directory.path)", "--workers", "1", "-E"]
        let rooted = try await run(root + ["import <set/set.nix>"])
        #expect(rooted.jobs["drv"]?["name"] as? String == "found")
        // With a root, nothing else is there.
        _ = try await run(root + ["import \(path("set.nix"))"], expecting: 1)
        try write("flake.nix", "{ outputs = { self }: { hydraJobs = import ./set.nix; }; }")
        let flake = try await run(["--flake", directory.path, "--workers", "1"])
        #expect(flake.jobs["drv"]?["name"] as? String == "found")
    }

    /// A job that needs more than its worker's share gets all memory when no other runs; what needs more fails alone.
    @Test func anAttributeMayHaveTheMemoryOfAllWorkers() async throws {
        try write(
            "large.nix",
            """
            let
              # A list of which every element is alive while its sum is computed.
              live = count: let list = builtins.genList (x: x + 1) count; in
                builtins.foldl' (a: b: a + b) 0 list + builtins.length list;
              drv = size: derivation { name = "n-${toString (live size)}"; system = "s"; builder = "b"; };
            in { small = drv 1000; large = drv \(Self.largeCount); huge = drv 100000000; }
            """)
        let result = try await run([path("large.nix"), "--workers", "2", "--max-memory-size", "256"])
        #expect(result.jobs["small"]?["name"] != nil)
        #expect(result.jobs["large"]?["name"] != nil, "\(result.output)")
        #expect(result.jobs["huge"]?["fatal"] as? Bool == true)
        #expect((result.jobs["huge"]?["error"] as? String)?.contains("memory") == true)
        #expect(result.errors.hasSuffix("complete: 2 derivations, 1 errors, 4 attributes visited\n"))
    }

    /// More elements than fit into the share of one worker, and fewer than fit into that of two.
    static let largeCount = 2_000_000
}
