import FirnClient
import FirnProtocol
import Foundation
import TestSupport
import Testing

/// The store objects of jobs, from two workers to the stores of clients.
@Suite(.serialized) struct ClosureTests {
    /// A derivation with dependencies and a source directory.
    private static let package = """
        let
          note = builtins.toFile "note" "beside ${./source}";
          make = name: more: derivation ({ inherit name; system = "s"; builder = "/bin/sh"; } // more);
          one = make "one" { src = ./source; };
          kept = builtins.filterSource (path: type: baseNameOf path != "run") ./source;
          many = builtins.genList (n: make "d${toString n}" { inputs = if n == 0 then [ ] else [ (builtins.elemAt many (n - 1)) ]; }) 100;
        in { top = make "top" { inherit one note kept; }; inherit many; }
        """

    private func farm(settings: [String] = [], clients: [String] = ["acme/one"]) async throws -> TestFarm {
        let farm = try await TestFarm(clients: clients, settings: settings)
        let source = "\(farm.directory)/root/source"
        try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: true)
        try Data(Self.package.utf8).write(to: URL(filePath: "\(farm.directory)/root/default.nix"))
        try Data("hello\n".utf8).write(to: URL(filePath: "\(source)/greeting"))
        try Data("#!/bin/sh\n".utf8).write(to: URL(filePath: "\(source)/run"))
        for index in 0..<2 { try farm.startWorker(index, roots: ["work=\(farm.directory)/root"]) }
        return farm
    }

    private func submit(_ farm: TestFarm, _ more: [String], _ attribute: String = "top.drvPath") -> [String] {
        ["submit"] + farm.clientArguments + [
            "--root", "work", "--path", "default.nix", "-A", attribute, "--format", "json",
        ]
            + more
    }

    private func run(_ arguments: [String]) async throws -> String {
        let run = try await FarmProcess.run(arguments)
        #expect(run.code == 0, "\(arguments): \(run.errors)")
        return run.output
    }

    private func names(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    }

    @Test func theStoreHasWhatTheValueNames() async throws {
        let farm = try await farm()
        let output = try await run(submit(farm, ["--wait", "--store", "\(farm.directory)/chroot"]))
        let path = output.filter { $0 != "\"" && $0 != "\n" }
        let text = try String(contentsOfFile: "\(farm.directory)/chroot\(path)", encoding: .utf8)
        #expect(text.hasPrefix("Derive("))
        let stored = try names("\(farm.directory)/chroot/nix/store")
        #expect(stored.map { $0.dropFirst(33) }.sorted() == ["note", "one.drv", "source", "source", "top.drv"])
        for name in stored where name.hasSuffix("-note") || name.hasSuffix("-one.drv") { #expect(text.contains(name)) }
    }

    /// What `eval-jobs` prints is in the store by then, also without NIX_REMOTE, and is linked to.
    @Test func evalJobsWritesWhatItPrints() async throws {
        let farm = try await farm()
        let (store, links) = ("\(farm.directory)/chroot", "\(farm.directory)/links")
        let command =
            [
                "eval-jobs", "\(farm.directory)/root/default.nix", "--root", "work=\(farm.directory)/root", "--workers",
                "2",
            ]
            + farm.clientArguments
        let lines = try await run(command + ["--store", store, "--gc-roots-dir", links])
        let line = try JSONDecoder().decode(Line.self, from: Data(lines.utf8))
        #expect(FileManager.default.fileExists(atPath: store + line.drvPath))
        let name = try #require(line.drvPath.split(separator: "/").last)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(links)/\(name)") == line.drvPath)
        #expect(try names("\(store)/nix/store").count == 5)
        #expect(try await run(command + ["--no-instantiate"]) == lines)
    }

    private struct Line: Decodable {
        var drvPath: String
    }

    @Test func localRootsAndSentSourcesGiveTheSame() async throws {
        let farm = try await farm()
        let exports = (0..<3).map { "\(farm.directory)/\($0).export" }
        _ = try await run(submit(farm, ["--wait", "--export", exports[0]]))
        _ = try await run(
            submit(farm, ["--wait", "--export", exports[1], "--local-root", "work=\(farm.directory)/root"]))
        // The client's copy differs in a file, so that source is asked for.
        try FileManager.default.copyItem(atPath: "\(farm.directory)/root", toPath: "\(farm.directory)/copy")
        try Data("other\n".utf8).write(to: URL(filePath: "\(farm.directory)/copy/source/greeting"))
        _ = try await run(
            submit(farm, ["--wait", "--export", exports[2], "--local-root", "work=\(farm.directory)/copy"]))
        let sizes = try exports.map { try Data(contentsOf: URL(filePath: $0)).count }
        #expect(sizes[0] > 1_000 && Set(sizes).count == 1)
    }

    @Test func aJobThatWasSubmittedBeforeGivesItsObjectsLater() async throws {
        let farm = try await farm()
        let number = try await run(submit(farm, ["--derivations", "client"])).filter(\.isNumber)
        _ = try await run(["get"] + farm.clientArguments + [number, "--wait", "60", "--export", "\(farm.directory)/x"])
        #expect(FileManager.default.fileExists(atPath: "\(farm.directory)/x"))
        let plain = try await run(submit(farm, [])).filter(\.isNumber)
        let refused = try await FarmProcess.run(
            ["get"] + farm.clientArguments + [plain, "--wait", "60", "--export", "\(farm.directory)/y"])
        #expect(refused.code == 1 && refused.errors.contains("gave no store objects"))
        #expect(!FileManager.default.fileExists(atPath: "\(farm.directory)/y"))
    }

    /// Jobs of one command share their objects: what the second one has in common with the first is sent once.
    @Test func anObjectIsSentOncePerRun() async throws {
        let farm = try await farm()
        let client = try await farm.connect()
        var job = WireJobSpecification.with {
            $0.rootFile = .with { ($0.root, $0.path) = ("work", "default.nix") }
            $0.roots = [.with { $0.name = "work" }]
            $0.attribute = "many"
            $0.strict = true
            $0.closure.run = Data("run".utf8)
        }
        var jobs = [job]
        job.label = "again"
        jobs.append(job)
        let receipts = try await client.submit(jobs)
        var sent: UInt64 = 0
        for number in receipts.compactMap(\.job) {
            let status = try await client.result(number, wait: .seconds(60))
            #expect(status.result.outcome == .ok && status.result.closure.objects == 100, "\(status.result.failure)")
            sent += status.result.closure.uploadedBytes
        }
        let list = try await client.closure(receipts[0].job ?? 0)
        #expect(Set(list.objects.map(\.name)).count == 100)
        var bytes = 0
        var missing = list.objects.map(\.name)
        while !missing.isEmpty {
            let pieces = try await client.objects(receipts[1].job ?? 0, missing)
            #expect(pieces.map(\.name) == Array(missing.prefix(pieces.count)) && !pieces.isEmpty)
            bytes += pieces.reduce(0) { $0 + $1.bytes.count }
            missing.removeFirst(pieces.count)
        }
        #expect(UInt64(bytes) == sent, "together both have sent every object once")
    }

    @Test func aTenantCannotReadAnothersObjects() async throws {
        let farm = try await farm(clients: ["acme/one", "rival/one"])
        let client = try await farm.connect()
        let job = WireJobSpecification.with {
            $0.source.text = Data("derivation { name = \"d\"; system = \"s\"; builder = \"b\"; }".utf8)
            $0.attribute = "drvPath"
            $0.closure.run = Data("run".utf8)
        }
        let number = try #require(try await client.submit([job]).first?.job)
        let status = try await client.result(number, wait: .seconds(60))
        #expect(status.result.outcome == .ok)
        let name = try #require(try await client.closure(number).objects.first?.name)
        let rival = try await farm.connect("rival/one")
        await #expect(throws: ClientError.self) { try await rival.objects(number, [name]) }
        // Its own job of the same run and the same derivation is asked for everything again.
        let own = try #require(try await rival.submit([job]).first?.job)
        let result = try await rival.result(own, wait: .seconds(60)).result
        #expect(result.closure.uploadedBytes == status.result.closure.uploadedBytes && result.closure.uploadedBytes > 0)
    }

    @Test func aLimitIsAClearRefusal() async throws {
        let farm = try await farm()
        let run = try await FarmProcess.run(
            submit(farm, ["--wait", "--export", "\(farm.directory)/x", "--max-closure", "1K"], "many"))
        #expect(run.code == 1 && run.errors.contains("more than 1024 bytes"), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: "\(farm.directory)/x"))
    }

    @Test func theOperatorsCacheHasThemBeforeTheJobIsFinished() async throws {
        let cache = "\(NSTemporaryDirectory())firn-cache-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: cache) }
        let farm = try await farm(settings: ["closureCache.directory=\(cache)"])
        let output = try await run(submit(farm, ["--wait", "--derivations", "cache"]))
        let digits = output.dropFirst("\"/nix/store/".count).prefix(32)
        let text = try String(contentsOfFile: "\(cache)/\(digits).narinfo", encoding: .utf8)
        #expect(text.contains("-top.drv\n") && text.contains("CA: text:sha256:"))
        #expect(try names(cache).filter { $0.hasSuffix(".narinfo") }.count == 5)
    }

    /// A worker that dies in the middle of an upload leaves nothing that looks whole: the next attempt gives all of it.
    @Test func aWorkerThatIsKilledWhileItUploadsIsReplaced() async throws {
        let farm = try await farm(settings: KillTests.settings)
        let file = "\(farm.directory)/root/large"
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        try FileHandle(forWritingTo: URL(filePath: file)).truncate(atOffset: 256 << 20)
        try Data("\"${./large}\"".utf8).write(to: URL(filePath: "\(farm.directory)/root/large.nix"))
        let client = try await farm.connect()
        let job = WireJobSpecification.with {
            $0.rootFile = .with { ($0.root, $0.path) = ("work", "large.nix") }
            $0.roots = [.with { $0.name = "work" }]
            $0.closure = WireClosureRequest()
        }
        let number = try #require(try await client.submit([job]).first?.job)
        let folder = "\(farm.directory)/store/objects"
        try await eventually("some of it has arrived", pause: nil) {
            guard let run = try? names(folder).first, let part = try? names("\(folder)/\(run)").first else {
                return false
            }
            let size = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(run)/\(part)")[.size] as? Int
            return size ?? 0 > 1 << 20
        }
        let operatorClient = try await farm.connectOperator()
        let name = try await operatorClient.workers().first { $0.leases.contains(where: \.running) }?.name
        let holder = try #require(
            name == "w0" ? farm.workers[0] : name == "w1" ? farm.workers[1] : nil, "it was uploading")
        try await holder.killNow()
        let status = try await client.result(number, wait: .seconds(120))
        #expect(status.result.outcome == .ok && status.attempt == 2, "\(status.result.failure)")
        let object = try #require(try await client.closure(number).objects.first)
        let last = try await client.objects(number, [object.name], offset: 256 << 20)
        #expect(last.first?.last == true, "all of it is there")
    }
}
