import Foundation
import NixEval
import NixStore
import NixVM
import Testing

/// Visits attributes of small sets with hand-written derivations, so that only the visiting is tested.
@Suite struct AttributeWalkTests {
    static func walk(
        _ source: String, _ paths: [[String]], options: AttributeWalker.Options = AttributeWalker.Options(),
        memoryBytes: Int? = nil
    ) async throws -> EvaluationReport.Outcome {
        let machine = try VirtualMachine(programCacheBytes: 0)
        var job = EvaluationJob(
            .source(Array(source.utf8), name: "test.nix", directory: RootedIO.bundlePath),
            io: try RootedIO(roots: []))
        job.walk = EvaluationJob.Walk(paths: paths.map { $0.map { Array($0.utf8) } }, options: options)
        job.limits.memoryBytes = memoryBytes
        return await machine.evaluate(job, cancellation: Cancellation()).outcome
    }

    static func lines(_ outcome: EvaluationReport.Outcome) throws -> [String] {
        guard case .value(let text) = outcome else { throw Unexpected(outcome: "\(outcome)") }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    struct Unexpected: Error { let outcome: String }

    static let packages = """
        { system ? "none" }: {
          hello = {
            type = "derivation"; name = "hello-1"; inherit system; drvPath = "/d/hello.drv"; outPath = "/o/hello";
            outputs = [ "out" "doc" ]; out.outPath = "/o/hello"; doc.outPath = "/o/doc";
            meta = { description = "greets"; broken = null; hidden = { outPath = "/x"; }; tags = [ 1 "a" ]; };
          };
          bare = { type = "derivation"; name = "bare"; drvPath = "/d/bare.drv"; outPath = "/o/bare"; };
          closed = { inner = 1; };
          open = { recurseForDerivations = true; "a.b" = throw "no"; };
          number = 1;
          broken = abort "stop";
          missing = { }.x;
        }
        """

    @Test func theTopNamesItsAttributes() async throws {
        let lines = try Self.lines(await Self.walk(Self.packages, [[]]))
        #expect(
            lines == [
                #"{"attr":"","attrPath":[],"attrs":["bare","broken","closed","hello","missing","number","open"]}"#
            ])
    }

    @Test(arguments: ["name", "system"]) func namesAndSystemsAreStrings(_ attribute: String) async throws {
        let source = """
            { x = { type = "derivation"; name = "n"; drvPath = "/d"; outPath = "/o"; } // { \(attribute) = 1; }; }
            """
        let lines = try Self.lines(await Self.walk(source, [["x"]]))
        #expect(lines.count == 1)
        #expect(lines[0].contains("the attribute '\(attribute)' of the derivation has the type int, not string"))
    }

    @Test func aDerivationHasItsFields() async throws {
        let lines = try Self.lines(await Self.walk(Self.packages, [["hello"], ["bare"]]))
        #expect(
            lines == [
                #"{"attr":"hello","attrPath":["hello"],"drvPath":"/d/hello.drv","name":"hello-1","#
                    + #""outputs":{"doc":"/o/doc","out":"/o/hello"},"system":"none"}"#,
                #"{"attr":"bare","attrPath":["bare"],"drvPath":"/d/bare.drv","name":"bare","#
                    + #""outputs":{"out":"/o/bare"},"system":"unknown"}"#,
            ])
    }

    /// Two derivations that are made by the evaluation, so that it knows more of them than their attributes say.
    static let made = """
        let
          drv = name: more: derivation ({ inherit name; system = "machine"; builder = "/bin/sh"; } // more);
          dep = drv "dep" { outputs = [ "out" "dev" ]; };
        in rec {
          inherit dep;
          user = drv "user" { uses = [ dep dep.dev ]; requiredSystemFeatures = [ "kvm" "big-parallel" "kvm" ]; };
          structured = drv "structured" { __structuredAttrs = true; requiredSystemFeatures = [ "b" "a" ]; };
          lies = dep // { system = "another"; };
        }
        """

    @Test func aDerivationThatIsMadeSaysWhatItNeeds() async throws {
        var options = AttributeWalker.Options()
        options.inputDerivations = true
        let lines = try Self.lines(
            await Self.walk(Self.made, [["user"], ["structured"], ["lies"]], options: options))
        #expect(lines.count == 3)
        #expect(
            try #require(lines.first).contains(
                #""inputDrvs":{"/nix/store/rxaz6r2c1s9xysgwi87gw1m3phsvzv8z-dep.drv":["dev","out"]}"#))
        #expect(lines[0].contains(#""requiredSystemFeatures":["big-parallel","kvm"],"system":"machine"}"#))
        #expect(lines[1].contains(#""inputDrvs":{}"#))
        #expect(lines[1].contains(#""requiredSystemFeatures":["a","b"]"#))
        #expect(lines[2].contains(#""requiredSystemFeatures":[],"system":"machine"}"#))
    }

    /// What is written of inputs is charged, and ends with the fuel.
    @Test func describingManyInputsTakesFuel() async throws {
        let source = """
            let drv = more: derivation ({ name = "n"; system = "s"; builder = "b"; } // more);
            in rec { few = drv { }; many = drv { uses = builtins.genList (i: drv { inherit i; }) 100; }; }
            """
        func fuel(_ inputs: Bool, limit: Int? = nil) async throws -> EvaluationReport {
            let machine = try VirtualMachine(programCacheBytes: 0)
            var job = EvaluationJob(
                .source(Array(source.utf8), name: "test.nix", directory: RootedIO.bundlePath),
                io: try RootedIO(roots: []))
            var options = AttributeWalker.Options()
            options.inputDerivations = inputs
            job.walk = EvaluationJob.Walk(paths: [[Array("many".utf8)]], options: options)
            job.limits.fuel = limit
            return await machine.evaluate(job, cancellation: Cancellation())
        }
        let without = try await fuel(false).statistics.fuel
        let with = try await fuel(true).statistics.fuel
        #expect(with - without == 1 + 100 * 9)
        #expect(try Self.lines(await fuel(true, limit: with).outcome).count == 1)
        guard case .failed(let failure) = try await fuel(true, limit: with - 100).outcome else {
            Issue.record("there was too little fuel")
            return
        }
        #expect(failure.kind == .fuelExhausted)
    }

    @Test func theRootIsWhatSelectReturns() async throws {
        var options = AttributeWalker.Options()
        options.select = Array("set: { only = set.hello; }".utf8)
        let lines = try Self.lines(await Self.walk(Self.packages, [[], ["only"]], options: options))
        #expect(lines.count == 2)
        #expect(lines.first == #"{"attr":"","attrPath":[],"attrs":["only"]}"#)
        #expect(lines.last?.contains(#""drvPath":"/d/hello.drv""#) == true)
        options.select = Array("set: 1".utf8)
        let outcome = try await Self.walk(Self.packages, [[]], options: options)
        guard case .failed(let failure) = outcome else { throw Unexpected(outcome: "\(outcome)") }
        #expect(failure.message == "expected a set but found an integer: 1: '--select' must evaluate to a set")
    }

    @Test func derivationsHaveWhatApplyReturns() async throws {
        var options = AttributeWalker.Options()
        options.apply = Array("drv: { is = drv.name; } // (if drv.name == \"bare\" then throw \"bare!\" else { })".utf8)
        let lines = try Self.lines(await Self.walk(Self.packages, [["hello"], ["bare"], ["number"]], options: options))
        #expect(lines.count == 3)
        #expect(lines.first?.contains(#""extraValue":{"is":"hello-1"},"name""#) == true)
        #expect(lines[1].contains("error: bare!"))
        #expect(lines[2] == #"{"attr":"number","attrPath":["number"],"attrs":[]}"#)
        options.apply = Array("drv: drv.name".utf8)
        let wrong = try Self.lines(await Self.walk(Self.packages, [["hello"]], options: options))
        #expect(wrong.first?.contains("the result of --apply has the type string, not set") == true)
    }

    @Test func aggregatesNameTheirConstituents() async throws {
        let source = """
            let drv = name: more: derivation ({ inherit name; system = "m"; builder = "b"; } // more);
            in rec {
              a = drv "a" { outputs = [ "out" "doc" ]; };
              all = drv "all" { _hydraAggregate = true; constituents = [ a a.doc "b" ]; };
              globs = drv "globs" { _hydraAggregate = true; _hydraGlobConstituents = true; constituents = [ "*" ]; };
              none = drv "none" { _hydraAggregate = true; };
            }
            """
        var options = AttributeWalker.Options()
        options.constituents = true
        options.details = true
        let lines = try Self.lines(
            await Self.walk(source, [["a"], ["all"], ["globs"], ["none"]], options: options))
        #expect(lines.count == 4)
        let path = "/nix/store/"
        #expect(
            try #require(lines.first).contains(
                #""constituents":[],"drvPath":"\#(path)"#))
        #expect(lines[0].contains(#""globConstituents":false,"name":"a","namedConstituents":[]"#))
        #expect(lines[0].contains(#"\#t{"kind":"derivation","modulo":""#))
        #expect(!lines[0].contains("aggregate"))
        let all = lines[1]
        #expect(all.components(separatedBy: "-a.drv\"").count == 4, "twice a constituent, and once an input")
        #expect(all.contains(#""namedConstituents":["b"]"#))
        #expect(all.contains(#""aggregate":{"inputs":{"\#(path)"#))
        #expect(lines[2].contains(#""globConstituents":true"#))
        #expect(lines[3].contains("derivation must have a 'constituents' attribute"))
    }

    @Test func whatAnAttributePrintsAndUsesIsItsOwn() async throws {
        let source = """
            let shared = builtins.trace "shared" (builtins.foldl' (a: b: a + b) 0 (builtins.genList (x: x) 10000));
            in { a = shared; b = builtins.warn "careful" shared; c = 1; }
            """
        var options = AttributeWalker.Options()
        options.details = true
        let lines = try Self.lines(await Self.walk(source, [["a"], ["b"], ["c"]], options: options))
        #expect(lines.count == 3)
        #expect(try #require(lines.first).contains(#""messages":[{"kind":"trace","text":"shared"}]"#))
        #expect(lines[1].contains(#""messages":[{"kind":"warn","text":"careful"}]"#))
        #expect(!lines[2].contains("messages"))
        let fuel = lines.map { line -> Int in
            let digits = line.components(separatedBy: #""fuel":"#).last?.prefix { $0.isNumber }
            return digits.flatMap { Int($0) } ?? -1
        }
        #expect(fuel[0] > 10_000 && (0..<1_000).contains(fuel[1]) && (0..<1_000).contains(fuel[2]), "\(fuel)")
    }

    @Test func metaIsItsPlainPart() async throws {
        let lines = try Self.lines(
            await Self.walk(Self.packages, [["hello"]], options: AttributeWalker.Options(meta: true)))
        #expect(lines.count == 1)
        #expect(lines[0].contains(#""meta":{"description":"greets","tags":[1,"a"]}"#))
    }

    @Test func onlySetsThatSaySoAreDescendedInto() async throws {
        let lines = try Self.lines(await Self.walk(Self.packages, [["closed"], ["open"], ["number"]]))
        #expect(
            lines == [
                #"{"attr":"closed","attrPath":["closed"],"attrs":[]}"#,
                #"{"attr":"open","attrPath":["open"],"attrs":["a.b","recurseForDerivations"]}"#,
                #"{"attr":"number","attrPath":["number"],"attrs":[]}"#,
            ])
        let forced = try Self.lines(
            await Self.walk(Self.packages, [["closed"]], options: AttributeWalker.Options(forceRecurse: true)))
        #expect(forced == [#"{"attr":"closed","attrPath":["closed"],"attrs":["inner"]}"#])
    }

    @Test func anErrorLeavesTheOthersAlone() async throws {
        let lines = try Self.lines(
            await Self.walk(Self.packages, [["broken"], ["missing"], ["open", "a.b"], ["nowhere"], ["number"]]))
        #expect(lines.count == 5)
        #expect(lines[0].contains(#""attr":"broken","attrPath":["broken"],"error":"error:"#))
        #expect(lines[0].contains("error: evaluation aborted with the following error message: 'stop'"))
        #expect(lines[1].contains("attribute 'x' missing"))
        #expect(lines[2].contains(#""attr":"open.\"a.b\"","attrPath":["open","a.b"],"error":"error:"#))
        #expect(lines[2].contains("error: no"))
        #expect(lines[3].contains("attribute 'nowhere' in selection path 'nowhere' not found"))
        #expect(lines[4] == #"{"attr":"number","attrPath":["number"],"attrs":[]}"#)
    }

    /// The results of the first attributes are kept if a later one exceeds the memory limit.
    @Test func aLimitEndsTheWalkBehindWhatWasSeen() async throws {
        let source = """
            { small = 1; large = builtins.foldl' (a: b: a + b) 0 (builtins.genList (x: x) 10000000); }
            """
        let lines = try Self.lines(
            await Self.walk(source, [["small"], ["large"], ["small"]], memoryBytes: 32 << 20))
        #expect(lines == [#"{"attr":"small","attrPath":["small"],"attrs":[]}"#])
        let alone = try await Self.walk(source, [["large"]], memoryBytes: 32 << 20)
        guard case .failed(let failure) = alone else { throw Unexpected(outcome: "\(alone)") }
        #expect(failure.kind == .memoryExceeded)
    }
}
