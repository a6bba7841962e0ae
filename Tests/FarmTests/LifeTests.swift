import FirnClient
import FirnProtocol
import Foundation
import Testing

/// Starting, serving and stopping, by the commands that users have.
@Suite struct LifeTests {
    private static let examples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "config/examples").path

    @Test func jobsOfEveryKindHaveTheirOutcomes() async throws {
        let farm = try await TestFarm()
        try farm.startWorker(0, roots: ["packages=\(Self.examples)/packages"])
        func submit(_ arguments: [String]) async throws -> (code: Int32, output: String, errors: String) {
            try await FarmProcess.run(["submit", "--wait"] + farm.clientArguments + arguments)
        }
        let source = try await submit(["-E", "1 + 1", "{ a = 2; }.a", "-A", ""])
        #expect(source.code == 0 && source.output == "2\n2\n", "\(source)")
        let rooted = try await submit(["--root", "packages", "--path", "main.nix", "-A", "order", "--format", "json"])
        #expect(rooted.code == 0 && rooted.output.hasPrefix("[\""), "\(rooted)")
        let bundled = try await submit(
            ["--bundle", "\(Self.examples)/packages", "--entry", "main.nix", "-A", "order", "--format", "json"])
        #expect(bundled.output == rooted.output)
        let failed = try await submit(["--strict", "\(Self.examples)/fails.nix"])
        #expect(failed.code == 1 && failed.errors.contains("port 90900 is out of range"), "\(failed)")
        let large = try await submit(["--max-memory", "64MiB", "\(Self.examples)/too-much-memory.nix", "--json"])
        #expect(large.code == 1 && large.output.contains("\"outcome\":\"memoryExceeded\""), "\(large)")
        let outside = try await submit(["-E", "builtins.readFile /etc/passwd"])
        #expect(outside.code == 1 && !outside.output.contains("root:"), "\(outside)")
        let refused = try await submit(["-E", "1", "--max-memory", "1T"])
        #expect(refused.code == 1 && refused.errors.contains("quota-exceeded"), "\(refused)")
    }

    @Test func whatWouldNotWorkIsSaidAtOnce() async throws {
        let directory = NSTemporaryDirectory() + "firn-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let farm = try await FarmProcess.run(["farm", directory, "--port", "0", "--root", "x=/nowhere"])
        #expect(
            farm.code == 1 && farm.output.isEmpty && farm.errors.contains("'/nowhere' is not a directory"), "\(farm)")
        let keys = try await FarmProcess.run(["keys", "\(directory)/none"])
        #expect(keys.code == 1 && keys.errors.contains("--coordinator"), "\(keys)")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try "1 +".write(toFile: "\(directory)/default.nix", atomically: true, encoding: .utf8)
        let set = try await FarmProcess.run(["eval-jobs", directory, "--workers", "1"])
        #expect(set.code == 1 && set.errors.hasPrefix("error: syntax error"), "\(set)")
    }

    /// Each process of a worker takes what the system leaves it.
    @Test(arguments: [1_000_000, 4_000_000]) func workersLiveWithALimitOnAddressSpace(_ kibibytes: Int) async throws {
        let farm = try await TestFarm()
        try farm.startWorker(0, settings: ["processes=2"], addressSpaceKibibytes: kibibytes)
        let client = try await farm.connect()
        var jobs = ["1 + 1", "builtins.currentSystem", "builtins.genList (x: x) 1000000000", "2 + 2"].map {
            WireJobSpecification(source: $0)
        }
        // Another system needs another memory in the same process.
        jobs[1].system = "x86_64-linux"
        var outcomes: [WireOutcomeKind] = []
        for receipt in try await client.submit(jobs) {
            let status = try await client.result(try #require(receipt.job), wait: .milliseconds(60_000))
            outcomes.append(status.result.outcome)
        }
        #expect(outcomes == [.ok, .ok, .memoryExceeded, .ok])
    }

    @Test func aWorkerWithoutRoomSaysSoAtOnce() async throws {
        let worker = try FarmProcess(["worker", "--endpoint", "ipc:///nowhere"], addressSpaceKibibytes: 200_000)
        #expect(try await worker.end() == 1)
        #expect(worker.errors.contains("204800000 bytes of it (ulimit -v, RLIMIT_AS)"), "\(worker.errors)")
    }

    @Test func aKeyIsUsedOnce() async throws {
        let farm = try await TestFarm()
        try farm.startWorker(0)
        let arguments = ["submit", "--json", "--idempotency-key", "k"] + farm.clientArguments
        let first = try await FarmProcess.run(arguments + ["-E", "1 + 2"])
        let second = try await FarmProcess.run(arguments + ["-E", "1 + 2"])
        #expect(first.output.contains("\"duplicate\":false") && second.output.contains("\"duplicate\":true"))
        #expect(first.output.replacing("false", with: "true") == second.output)
        let conflict = try await FarmProcess.run(arguments + ["-E", "1 + 3"])
        #expect(conflict.code == 1 && conflict.errors.contains("idempotency-conflict"), "\(conflict)")
    }

    @Test func aJobHasTheFeaturesThatItAsksFor() async throws {
        let farm = try await TestFarm()
        try farm.startWorker(0)
        let source = "builtins.typeOf (builtins.fromTOML \"a = 1979-05-27\").a"
        let submit = ["submit", "--wait", "-E", source] + farm.clientArguments
        for _ in 0..<2 {
            let on = try await FarmProcess.run(submit + ["--extra-experimental-features", "parse-toml-timestamps"])
            #expect(on.code == 0 && on.output == "\"set\"\n", "\(on)")
            let off = try await FarmProcess.run(submit)
            #expect(off.code == 1 && off.errors.contains("Dates and times"), "\(off)")
        }
        let unknown = try await FarmProcess.run(submit + ["--extra-experimental-features", "nix-commands"])
        #expect(unknown.code == 1 && unknown.errors.contains("'nix-commands' is not known"), "\(unknown)")
    }

    @Test func whatIsTooLargeOrUnknownIsSaidAndTheRestIsShown() async throws {
        let farm = try await TestFarm()
        try farm.startWorker(0)
        let one = try await FarmProcess.run(["submit", "--wait", "-E", "1"] + farm.clientArguments)
        #expect(one.code == 0)
        let got = try await FarmProcess.run(["get", "99", "1", "98"] + farm.clientArguments)
        #expect(got.code == 1 && got.output == "1\n", "\(got)")
        #expect(got.errors.contains("job 99") && got.errors.contains("job 98"), "\(got)")
        let file = "\(farm.directory)/large.nix"
        try Data(repeating: UInt8(ascii: "1"), count: 33 << 20).write(to: URL(filePath: file))
        let large = try await FarmProcess.run(["submit", file] + farm.clientArguments)
        #expect(large.code == 1 && large.errors.contains("a message has at most"), "\(large)")
    }

    /// The message of the error is longer than a message of the protocol may be.
    @Test func aVeryLongErrorMessageIsCutAndKeepsNoWorkerBusy() async throws {
        let farm = try await TestFarm()
        try farm.startWorker(0)
        let source = """
            let double = n: text: if n == 0 then text else double (n - 1) (text + text);
            in throw (double 20 "0123456789abcdef0123456789abcdef0123")
            """
        let long = try await FarmProcess.run(["submit", "--wait", "-E", source] + farm.clientArguments)
        #expect(long.code == 1 && long.errors.contains("more bytes)"), "\(long.errors.prefix(200))")
        let next = try await FarmProcess.run(["submit", "--wait", "-E", "1"] + farm.clientArguments)
        #expect(next.output == "1\n", "\(next)")
    }

    @Test func aDrainedWorkerIsNotStartedAgain() async throws {
        let farm = try await TestFarm()
        try farm.startWorker(0, settings: ["processes=2"])
        let operators = try await farm.connectOperator()
        try await eventually("both are there") { try await operators.workers().count == 2 }
        _ = try await operators.drain(worker: "w0-0")
        _ = try await operators.drain(worker: "w0-1")
        #expect(try await farm.workers[0].end() == 0, "\(farm.workers[0].errors)")
    }

    @Test func aStreamOfJobsComesBackWhole() async throws {
        let farm = try await TestFarm()
        for index in 0..<2 { try farm.startWorker(index) }
        let lines = (1...500).map { #"{"source": "\#($0) * 2"}"# }
        let file = "\(farm.directory)/jobs.jsonl"
        try lines.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let result = try await FarmProcess.run(
            ["submit", "--jobs-from", file, "--wait", "--json", "--batch", "50"] + farm.clientArguments)
        #expect(result.code == 0, "\(result.errors)")
        var values: [Int: String] = [:]
        for line in result.output.split(separator: "\n") {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            values[try #require(object["line"] as? Int)] = object["value"] as? String
        }
        #expect(values.count == 500 && values.allSatisfy { $0.value == "\($0.key * 2)" })
    }

    @Test func aDrainedWorkerFinishesWhatItRuns() async throws {
        // A job is reported as running by a heartbeat, so it must run for longer than a heartbeat's interval.
        let farm = try await TestFarm(settings: ["heartbeatMs=200"])
        try farm.startWorker(0)
        let client = try await farm.connect()
        let operators = try await farm.connectOperator()
        let jobs = (0..<16).map { WireJobSpecification.sum(100_000, times: 50, seed: $0, key: "drain-\($0)") }
        let receipts = try await client.submit(jobs.map(\.job))
        try await eventually("a job runs") {
            try await operators.workers().contains { $0.leases.contains(where: \.running) }
        }
        farm.workers[0].signal(SIGTERM)
        #expect(try await farm.workers[0].end() == 0, "\(farm.workers[0].errors)")
        let queue = try await operators.queue()
        #expect(queue.tenants.reduce(0) { $0 + $1.running } == 0, "nothing is left with it")
        try farm.startWorker(0)
        for (receipt, (_, value)) in zip(receipts, jobs) {
            let status = try await client.result(try #require(receipt.job), wait: .milliseconds(60_000))
            #expect(String(decoding: status.result.value, as: UTF8.self) == value)
            #expect(status.lostWorkers.isEmpty, "an orderly end loses no worker")
        }
    }

    @Test func aDrainedCoordinatorEndsAndItsSuccessorGoesOn() async throws {
        let farm = try await TestFarm(settings: ["leaseMs=1500", "heartbeatMs=200", "recoveryGraceMs=1500"])
        let client = try await farm.connect()
        let receipts = try await client.submit([WireJobSpecification(source: "40 + 2", key: "kept")])
        farm.coordinator?.signal(SIGTERM)
        #expect(try await farm.coordinator?.end() == 0, "\(farm.coordinator?.errors ?? "")")
        try await farm.startCoordinator()
        try farm.startWorker(0)
        let status = try await client.result(try #require(receipts.first?.job), wait: .milliseconds(60_000))
        #expect(status.result.value == Data("42".utf8))
    }

    @Test func aFarmLeavesNothingBehind() async throws {
        let directory = NSTemporaryDirectory() + "firn-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let farm = try FarmProcess(["farm", directory, "--port", "0", "--processes", "2"])
        try await eventually("the farm is ready") {
            guard farm.isRunning else { throw Timeout(description: farm.errors) }
            return farm.output.contains("ready")
        }
        let client = ["--config", "\(directory)/client.yaml"]
        let result = try await FarmProcess.run(["submit", "--wait", "-E", "6 * 7"] + client)
        #expect(result.code == 0 && result.output == "42\n", "\(result)")
        let workers = try await FarmProcess.run(["workers", "--json"] + client)
        #expect(workers.output.split(separator: "\n").count == 2, "\(workers)")
        let children = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
            let status = (try? String(contentsOfFile: "/proc/\(name)/status", encoding: .utf8)) ?? ""
            return status.contains("PPid:\t\(farm.id)\n")
        }
        #expect(children.count == 2)
        farm.signal(SIGTERM)
        #expect(try await farm.end() == 0, "\(farm.errors)")
        for child in children { #expect(kill(Int32(child) ?? 0, 0) != 0, "worker \(child) is gone") }
    }
}
