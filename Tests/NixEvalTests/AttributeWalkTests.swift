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
