import Foundation
import NixBytecode
import NixEval
import NixStore
import NixVM
import Testing

/// Jobs in a virtual machine one after another: every outcome occurs, and nothing of a job is left for the next one.
@Suite struct VirtualMachineTests {
    private let machine: VirtualMachine

    init() throws { machine = try VirtualMachine(programCacheBytes: 64 << 20) }

    private func job(_ source: String, files: [(String, String)] = []) throws -> EvaluationJob {
        let io = try RootedIO(
            roots: [], bundle: files.map { BundleFile(path: Array($0.0.utf8), contents: Array($0.1.utf8)) })
        return EvaluationJob(
            .source(Array(source.utf8), name: "(string)", directory: RootedIO.bundlePath), io: io)
    }

    private func run(_ job: EvaluationJob, _ cancellation: Cancellation = Cancellation()) async -> EvaluationReport {
        await machine.evaluate(job, cancellation: cancellation)
    }

    private func value(_ report: EvaluationReport) -> String? {
        guard case .value(let text) = report.outcome else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    private func failure(_ report: EvaluationReport) -> EvaluationError? {
        guard case .failed(let failure) = report.outcome else { return nil }
        return failure
    }

    @Test func aValueInEachFormat() async throws {
        var job = try job("{ a = 1 + 1; b = [ true ]; }")
        job.isStrict = true
        #expect(value(await run(job)) == "{ a = 2; b = [ true ]; }")
        job.format = .json
        #expect(value(await run(job)) == #"{"a":2,"b":[true]}"#)
    }

    /// An image that was made again lies at the same place as the one before, which the machine still has.
    @Test func anImageThatWasOpenedAgainTakesThePlaceOfTheFirst() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "firn-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "{ a = 1 + 1; }".write(toFile: folder + "/default.nix", atomically: true, encoding: .utf8)
        let io = try RootedIO(roots: [RootedIO.Root(name: "set", directory: Array(folder.utf8))])
        let file = Array("/roots/set/default.nix".utf8)
        _ = try HeapImage.build(
            ImageSpecification(file: file), identity: [UInt8](repeating: 0x5A, count: 32), io: io,
            limits: EvaluationLimits(), to: folder + "/image")
        for _ in 0..<2 {
            var job = EvaluationJob(.file(path: file), io: io)
            job.image = try HeapImage(opening: folder + "/image")
            job.attribute = "a"
            #expect(value(await run(job)) == "2")
        }
    }

    @Test func argumentsAndAttributePath() async throws {
        var job = try job("{ x, y ? 1, z ? 0 }: { a.b = { z }: x + toString (y + z); }")
        job.arguments = [
            (Array("x".utf8), .text(Array("n".utf8))), (Array("y".utf8), .expression(Array("20 + 1".utf8))),
            (Array("z".utf8), .expression(Array("5".utf8))),
        ]
        job.attribute = "a.b"
        #expect(value(await run(job)) == #""n26""#)
        job.attribute = "a.c"
        #expect(failure(await run(job))?.kind == .missingAttribute)
    }

    @Test func aPatternWithEllipsisIsGivenEveryArgument() async throws {
        var job = try job("{ n ? 1, ... }@all: { inherit all; named = { n, zz ? 0 }@all: all; }")
        job.isStrict = true
        job.arguments = [
            (Array("n".utf8), .expression(Array("5".utf8))), (Array("zz".utf8), .text(Array("7".utf8))),
            (Array("other".utf8), .text(Array("8".utf8))),
        ]
        job.attribute = "all"
        #expect(value(await run(job)) == #"{ n = 5; other = "8"; zz = "7"; }"#)
        job.attribute = "named"
        #expect(value(await run(job)) == #"{ n = 5; zz = "7"; }"#)
    }

    /// A job cannot be made impure, whoever submits it.
    @Test func aMissingRootIsWhatIsAdvised() async throws {
        let failure = try #require(failure(await run(job("import <nixpkgs> { }"))))
        let message = failure.message
        #expect(message.contains("cannot look up '<nixpkgs>'") && message.contains("--root"), "\(message)")
        #expect(!message.contains("--impure"), "\(message)")
    }

    @Test("Programs of files are kept for machines that come later, and found by what the files hold")
    func programsOnDisk() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("firn-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        // Smaller sources are not cached, because compiling them is faster than reading a file.
        func source(_ value: Int) -> String { "\(value)" + String(repeating: " ", count: DiskCache.smallestSource) }
        func evaluate(_ value: Int, _ machine: VirtualMachine) async throws -> String? {
            let job = try job("import ./a.nix", files: [("a.nix", source(value))])
            return self.value(await machine.evaluate(job, cancellation: Cancellation()))
        }
        for number in 1...2 {
            let first = try VirtualMachine(programCacheBytes: 1 << 20, programCacheDirectory: directory)
            #expect(try await evaluate(number, first) == "\(number)")
            await first.storePrograms()
            #expect(DiskCache(directory: directory).usage().programs == number)
        }
        let later = try VirtualMachine(programCacheBytes: 1 << 20, programCacheDirectory: directory)
        for _ in 0..<2 { #expect(try await evaluate(2, later) == "2") }
        // Nothing is written of what was found.
        await later.storePrograms()
        #expect(DiskCache(directory: directory).usage().programs == 2)
        try Data("no program".utf8).write(to: URL(fileURLWithPath: directory + "/programs/entries"))
        let last = try VirtualMachine(programCacheBytes: 1 << 20, programCacheDirectory: directory)
        #expect(try await evaluate(2, last) == "2")
        let without = try VirtualMachine(programCacheBytes: 1 << 20)
        #expect(try await evaluate(2, without) == "2")
    }

    @Test func filesOfABundle() async throws {
        var job = try job(
            "", files: [("main.nix", "import ./lib { n = 2; }"), ("lib/default.nix", "{ n }: n * 21")])
        job.input = .file(path: Array("/job/main.nix".utf8))
        #expect(value(await run(job)) == "42")
        job = try self.job("import /etc/passwd")
        #expect(failure(await run(job))?.kind == .restricted)
        job = try self.job("builtins.readFile /proc/self/environ")
        #expect(failure(await run(job))?.kind == .restricted)
        job = try self.job("[ (builtins.getEnv \"PATH\") (builtins ? currentTime) (builtins ? currentSystem) ]")
        job.isStrict = true
        #expect(value(await run(job)) == #"[ "" false false ]"#)
        job = try self.job("let unused = __currentSystem; in 1")
        #expect(failure(await run(job))?.kind == .undefinedVariable)
        job.system = Array("x86_64-linux".utf8)
        #expect(value(await run(job)) == "1")
    }

    @Test func warningsOfTheSourceComeBackEachTime() async throws {
        for _ in 0..<2 {
            let report = await run(
                try job("let\n  a = 1;\nin import ./other.nix", files: [("other.nix", "let b = 1; in 2")]))
            #expect(value(report) == "2")
            let warning = try #require(report.warnings.first)
            #expect(report.warnings.count == 1 && warning.code == "W003")
            #expect(warning.message == "variable 'a' is never used")
            #expect(warning.location.line == 2 && warning.location.column == 3)
            #expect(warning.location.excerpt?.line == Array("  a = 1;".utf8))
        }
    }

    @Test func anErrorHasItsPlaceAndLine() async throws {
        let report = await run(try job("let\n  f = x: x + throw \"no\";\nin f 1\n"))
        let found = failure(report)
        let failure = try #require(found)
        #expect(failure.kind == .thrown && failure.message == "no")
        let location = try #require(failure.location)
        #expect(location.source == "(string)" && location.line == 2)
        #expect(location.excerpt?.line == Array("  f = x: x + throw \"no\";".utf8))
        #expect(location.endLine == 2 && location.endColumn > location.column)
    }

    @Test func syntaxErrorsAndUndefinedVariables() async throws {
        #expect(failure(await run(try job("{ a = ; }")))?.kind == .parse)
        #expect(failure(await run(try job("x: y")))?.kind == .undefinedVariable)
    }

    @Test func eachLimit() async throws {
        let endless = "let f = n: f (n + 1); in f 0"
        var job = try job(endless)
        job.limits.fuel = 100_000
        #expect(failure(await run(job))?.kind == .fuelExhausted)
        job = try self.job(endless)
        job.limits.timeout = .milliseconds(20)
        #expect(failure(await run(job))?.kind == .deadlineExceeded)
        job = try self.job("let f = n: 1 + f (n + 1); in f 0")
        job.limits.depth = 1_000
        #expect(failure(await run(job))?.kind == .depthExceeded)
        job = try self.job("builtins.length (builtins.genList (x: x) 100000000)")
        job.limits.memoryBytes = 16 << 20
        #expect(failure(await run(job))?.kind == .memoryExceeded)
        job = try self.job("builtins.genList (x: x) 10000")
        job.isStrict = true
        job.limits.resultBytes = 1_000
        guard case .resultTooLarge(1_000) = await run(job).outcome else {
            Issue.record("the result is too large")
            return
        }
        job.limits.resultBytes = 1 << 20
        #expect(value(await run(job))?.hasPrefix("[ 0 1 2 ") == true)
    }

    @Test func cancellingFromAnotherThread() async throws {
        let cancellation = Cancellation()
        let job = try job("let f = n: f (n + 1); in f 0")
        async let report = run(job, cancellation)
        cancellation.cancel()
        #expect(failure(await report)?.kind == .cancelled)
    }

    @Test func programsAreVerifiedAndRejectedWithCodeAndOffset() async throws {
        var job = try job("")
        job.input = .program([1, 2, 3], name: "(program)", directory: RootedIO.bundlePath)
        guard case .rejected(let rejection) = await run(job).outcome else {
            Issue.record("three bytes are no program")
            return
        }
        #expect(rejection.name == "badMagic" && rejection.offset == 0)
    }

    @Test func whatIsPrintedComesBackAndIsBounded() async throws {
        var job = try job(
            "builtins.trace \"one\" (builtins.warn \"two\" (builtins.trace [ 1 ] 3))")
        let report = await run(job)
        #expect(value(report) == "3")
        #expect(report.printed.map { String(decoding: $0.text, as: UTF8.self) } == ["one", "two", "[ 1 ]"])
        #expect(report.printed.map(\.isWarning) == [false, true, false])
        job = try self.job("builtins.foldl' (a: b: builtins.trace \"0123456789\" a) 7 (builtins.genList (x: x) 100)")
        job.limits.printedBytes = 25
        let bounded = await run(job)
        #expect(value(bounded) == "7")
        #expect(bounded.printed.map(\.text.count) == [10, 10, 2])
        #expect(bounded.printedBytesDropped == 8 + 97 * 11)
    }

    @Test func aMachineThatWasUsedIsAsGoodAsNew() async throws {
        let probe = """
            let
              set = { zebra = 1; apple = [ 1 2.5 "x" ]; } // builtins.listToAttrs
                [ { name = "n${toString (1 + 1)}"; value = builtins.attrNames builtins; } ];
            in builtins.toJSON [ set (builtins.foldl' (a: b: a + b) 0 (builtins.genList (x: x * x) 3000)) ]
            """
        let first = await run(try job(probe))
        let text = try #require(value(first))
        let disturbances = [
            "builtins.genList (x: \"name${toString x}\") 10",
            "builtins.listToAttrs (builtins.genList (x: { name = \"a${toString x}\"; value = x; }) 200)",
            "builtins.listToAttrs (builtins.genList (x: { name = \"b${toString x}\"; value = x; }) 5000)",
            "let f = n: if n == 0 then 0 else 1 + f (n - 1); in f 200000",
            "builtins.foldl' (a: b: a + b) 0 (builtins.genList (x: x) 300000)",
            "throw \"x\"", "{ a = ; }", "let x = x; in x", "builtins.attrNames builtins",
        ]
        for disturbance in disturbances {
            var job = try job(disturbance)
            job.isStrict = true
            _ = await run(job)
            let again = await run(try self.job(probe))
            #expect(value(again) == text, "after \(disturbance)")
            #expect(again.statistics.fuel == first.statistics.fuel, "after \(disturbance)")
            #expect(again.statistics.memoryPeakBytes == first.statistics.memoryPeakBytes, "after \(disturbance)")
            #expect(again.statistics.collections == first.statistics.collections, "after \(disturbance)")
        }
    }

    @Test func whatWasCompiledOnceIsNotCompiledAgain() async throws {
        let source = "{ a = 1; }.a + " + (0..<2_000).map { "(x: x + \($0)) 1" }.joined(separator: " + ")
        let first = await run(try job(source))
        let second = await run(try job(source))
        #expect(value(first) == value(second))
        #expect(first.statistics.fuel == second.statistics.fuel)
        #expect(first.statistics.compile > .zero && second.statistics.compile == .zero)
    }
}
