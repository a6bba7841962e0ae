import Foundation
import NixEval
import NixStore
import NixVM
import Synchronization
import Testing

/// A directory in which a shell command builds.
private final class ShellStore: BuildingStore {
    private let directory: DirectoryStore
    private let builder: CommandBuilder

    /// - Parameters:
    ///   - path: where the objects are.
    ///   - command: see `CommandBuilder`.
    init(_ path: String, _ command: String) throws(StoreWriteError) {
        directory = try DirectoryStore(Array(path.utf8))
        builder = CommandBuilder(Array(command.utf8), directory: Array(path.utf8)) { _ in }
    }

    var byteCount: Int { directory.byteCount }
    func add(_ addition: StoreAddition, isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        try directory.add(addition, isStopped: isStopped)
    }
    func flush(isStopped: @escaping () -> Bool) throws(StoreWriteError) { try directory.flush(isStopped: isStopped) }
    func finish(isStopped: @escaping () -> Bool) throws(StoreWriteError) { try directory.finish(isStopped: isStopped) }
    func abandon() { directory.abandon() }
    func addRoot(_ link: [UInt8], to path: [UInt8], isStopped: @escaping () -> Bool) throws(StoreWriteError) {
        try directory.addRoot(link, to: path, isStopped: isStopped)
    }
    func existing(
        _ outputs: [NeededOutput], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) -> [BuiltObject]? { try builder.existing(outputs, isStopped: isStopped) }
    func build(
        _ outputs: [NeededOutput], isStopped: @escaping () -> Bool
    ) throws(StoreWriteError) -> [NeededOutput: [UInt8]] { try builder.build(outputs, isStopped: isStopped) }
}

/// Evaluations that read what derivations build, with a shell script as builder.
@Suite struct ImportFromDerivationTests {
    private let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/firn-import-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder + "/store", withIntermediateDirectories: true)
        // The name of a derivation's output is asked of its file, in which its own path comes first. Every build is noted.
        let script = """
            for wanted in "$@"; do
                echo "$wanted" >> \(folder)/log
                file=\(folder)/store/$(basename "${wanted%%!*}")
                test -f "$file" || { echo "no derivation" >&2; exit 2; }
                name=$(basename "${wanted%%!*}" .drv)
                out=\(folder)/store/$(sed 's/^Derive(\\[("out","[^"]*store.\\([^"]*\\)".*/\\1/' "$file")
                case $name in
                *-bad) echo "it breaks" >&2; exit 3 ;;
                *-tree) mkdir "$out" "$out/sub"; echo '{ n }: n + import ./other.nix' > "$out/sub/default.nix"
                    echo 40 > "$out/sub/other.nix"; ln -s /etc/passwd "$out/leads-out"; ln -s sub "$out/link" ;;
                *) echo "{ name = \\"$name\\"; }" > "$out" ;;
                esac
            done
            """
        try script.write(toFile: folder + "/build", atomically: true, encoding: .utf8)
    }

    private func remove() { try? FileManager.default.removeItem(atPath: folder) }

    private func store(_ command: String? = nil) throws(StoreWriteError) -> ShellStore {
        try ShellStore(folder + "/store", command ?? "sh \(folder)/build")
    }

    /// The names of the derivations that were built, in order.
    private var built: [String] {
        let log = (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? ""
        return log.split(separator: "\n").map { line in
            String(line.split(separator: "-", maxSplits: 1).last?.dropLast(".drv!out".count) ?? "")
        }
    }

    private static let make = """
        let
          make = name: derivation { inherit name; system = "s"; builder = "b"; };
          named = name: (import (make name)).name;
        in
        """

    private func evaluate(
        _ source: String, command: String? = nil, stress: Bool = false,
        _ policy: ImportFromDerivation = .built, pure: Bool = false, limits: Limits = Limits()
    ) -> (Evaluation, fuel: Int) {
        let fuel = Mutex(0)
        var settings = MachineSettings()
        settings.stress = stress
        settings.pure = pure
        let io: any EvalIO = pure ? LocalIO(isPure: true, allowedPaths: []) : LocalIO()
        let result = Evaluation.of(Self.make + " " + source, limits: limits, settings: settings, io: io) { evaluator in
            guard let store = try? store(command) else { return }
            evaluator.storeWriter = store
            evaluator.derivationBuilder = store
            evaluator.importFromDerivation = policy
        } finish: { evaluator in
            let used = evaluator.statistics.fuel
            fuel.withLock { $0 = used }
        }
        return (result, fuel.withLock { $0 })
    }

    @Test(arguments: [false, true]) func importsWhatWasBuilt(stress: Bool) {
        defer { remove() }
        let (result, _) = evaluate(#"[ (named "a") (named "b") (named "a") ]"#, stress: stress)
        guard case .value(let text) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(text.contains("-a\"") && text.contains("-b\""))
        #expect(built == ["a", "b"])
    }

    /// Also in an evaluation that may read nothing else. Links that lead out of the store lead nowhere there.
    @Test(arguments: [false, true]) func readsTrees(pure: Bool) {
        defer { remove() }
        let (result, _) = evaluate(
            """
            let tree = make "tree"; in [
              (import (tree + "/link") { n = 2; })
              (builtins.readDir tree)
              (builtins.readFile "${tree}/sub/other.nix")
              (builtins.pathExists "${tree}/none")
              (builtins.attrNames (builtins.readDir (builtins.path { path = "${tree}/sub"; name = "copy"; })))
              (builtins.readFileType "${tree}/leads-out")
            ]
            """, pure: pure)
        #expect(
            result
                == .value(
                    #"[ 42 { leads-out = "symlink"; link = "symlink"; sub = "directory"; } "40\n" false [ "default.nix" "#
                        + #""other.nix" ] "symlink" ]"#))
        #expect(built == ["tree"])
        let (out, _) = evaluate(#"builtins.readFile "${make "tree"}/leads-out""#, pure: true)
        #expect(out == .failure(.restricted))
    }

    @Test func aFailedBuildIsNotCaught() throws {
        defer { remove() }
        let (result, _) = evaluate(#"builtins.tryEval (named "bad")"#)
        #expect(result == .failure(.restricted))
        #expect(built == ["bad"])
        let failures = try store().build([try needed("bad")]) { false }
        let reason = String(decoding: try #require(failures.values.first), as: UTF8.self)
        #expect(reason.hasSuffix("ended with the status 3; the end of its log:\nit breaks"))
    }

    /// The output of one of the derivations, whose file is in the store.
    private func needed(_ name: String) throws -> NeededOutput {
        let file = try #require(
            FileManager.default.contentsOfDirectory(atPath: folder + "/store").first { $0.hasSuffix("-\(name).drv") })
        return NeededOutput(
            derivation: Array("/nix/store/\(file)".utf8), name: Array("out".utf8),
            path: Array("/nix/store/\(String(repeating: "0", count: 32))-\(name)".utf8))
    }

    @Test func aBuilderMustBuild() {
        defer { remove() }
        #expect(evaluate(#"named "a""#, command: "true").0 == .failure(.restricted))
        #expect(evaluate(#"named "a""#, command: "yes").0 == .failure(.io))
        #expect(evaluate(#"named "a""#, .forbidden).0 == .failure(.restricted))
        #expect(evaluate(#"named "a""#, .existing).0 == .failure(.restricted))
        #expect(built.isEmpty)
    }

    /// A builder that does not end is ended with the evaluation.
    @Test func theDeadlineEndsABuild() {
        defer { remove() }
        var limits = Limits()
        limits.deadline = 1
        #expect(
            evaluate(#"named "a""#, command: "cat /dev/zero > /dev/null;", limits: limits).0
                == .failure(.deadlineExceeded))
    }

    /// How far an evaluation comes does not depend on what was built before.
    @Test func fuelIsTheSameForWhatIsThere() {
        defer { remove() }
        let first = evaluate(#"[ (named "a") (builtins.readDir (make "tree")) ]"#)
        let second = evaluate(#"[ (named "a") (builtins.readDir (make "tree")) ]"#)
        #expect(first.0 == second.0)
        #expect(first.fuel == second.fuel)
        #expect(built == ["a", "tree"])
    }

    // MARK: Jobs

    private func evaluate(
        job source: String, walk paths: [[String]]? = nil, failures: [[UInt8]: [UInt8]] = [:]
    ) async throws -> EvaluationReport.Outcome {
        let machine = try VirtualMachine(programCacheBytes: 0)
        var job = EvaluationJob(
            .source(Array((Self.make + " " + source).utf8), name: "test.nix", directory: RootedIO.bundlePath),
            io: try RootedIO(roots: []))
        job.walk = paths.map { paths in
            EvaluationJob.Walk(
                paths: paths.map { $0.map { Array($0.utf8) } }, options: AttributeWalker.Options())
        }
        let folder = folder
        job.building = EvaluationJob.Building(failures: failures) { () throws(StoreWriteError) in
            try ShellStore(folder + "/store", "sh \(folder)/build")
        }
        return await machine.evaluate(job, cancellation: Cancellation()).outcome
    }

    private func needs(_ outcome: EvaluationReport.Outcome) throws -> [NeededOutput] {
        guard case .needsBuilds(let needed) = outcome else {
            throw AttributeWalkTests.Unexpected(outcome: "\(outcome)")
        }
        return needed
    }

    /// A walk finds the needs of all its attributes at once, and ends when they are built.
    @Test func aWalkWaitsForAllItsBuilds() async throws {
        defer { remove() }
        let source = #"{ a = named "a"; b = named "b"; both = named "a" + named "b"; c = 1; bad = named "bad"; }"#
        let paths = [["a"], ["b"], ["both"], ["c"], ["bad"]]
        let needed = try needs(try await evaluate(job: source, walk: paths))
        #expect(needed.map { String(decoding: StorePath.name($0.path), as: UTF8.self) } == ["a", "b", "bad"])
        #expect(built.isEmpty)
        var failures: [[UInt8]: [UInt8]] = [:]
        for output in needed {
            for (output, reason) in try store().build([output], isStopped: { false }) { failures[output.text] = reason }
        }
        #expect(failures.count == 1)
        let lines = try AttributeWalkTests.lines(try await evaluate(job: source, walk: paths, failures: failures))
        #expect(lines.count == 5)
        #expect(lines[4].contains("it breaks"))
        #expect(built == ["a", "b", "bad"])
    }

    @Test func anExpressionWaitsForOneBuildAfterTheOther() async throws {
        defer { remove() }
        let source = #"named "a" + named "b""#
        for name in ["a", "b"] {
            let needed = try needs(try await evaluate(job: source))
            #expect(needed.map { String(decoding: StorePath.name($0.path), as: UTF8.self) } == [name])
            #expect(try store().build(needed) { false }.isEmpty)
        }
        guard case .value = try await evaluate(job: source) else {
            Issue.record("not evaluated")
            return
        }
    }

    @Test func aJobWithoutBuildsOpensNoStore() async throws {
        defer { remove() }
        try FileManager.default.removeItem(atPath: folder + "/store")
        guard case .value = try await evaluate(job: #"(make "a").drvPath"#) else {
            Issue.record("not evaluated")
            return
        }
        #expect(!FileManager.default.fileExists(atPath: folder + "/store"))
    }
}
