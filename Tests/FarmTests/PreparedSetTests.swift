import FirnClient
import FirnProtocol
import Foundation
import Testing

/// Prepared sets on a farm of real processes.
@Suite(.serialized) struct PreparedSetTests {
    /// A farm with a worker that has a root and a prepared set of it, and the root's directory behind a symbolic link.
    private struct PreparedFarm {
        let farm: TestFarm
        let client: FirnClient
        let operators: FirnClient
        var images: String { "\(farm.directory)/images" }
        var link: String { "\(farm.directory)/lib" }

        init(path: String = "default.nix", tenants: String = "*") async throws {
            farm = try await TestFarm(clients: ["acme/one", "zeta/one"], settings: KillTests.settings)
            try Self.write(Self.source(1), to: "\(farm.directory)/lib-1")
            try FileManager.default.createSymbolicLink(
                atPath: "\(farm.directory)/lib", withDestinationPath: "lib-1")
            client = try await farm.connect()
            operators = try await farm.connectOperator()
            try startWorker(path: path, tenants: tenants)
        }

        func startWorker(path: String = "default.nix", tenants: String = "*") throws {
            try farm.startWorker(
                0,
                settings: [
                    "images.directory=\(images)", "preparedSets.lib.root=lib", "preparedSets.lib.path=\(path)",
                    "preparedSets.lib.tenants=\(tenants)", "preparedSets.lib.arguments=n=5",
                ], roots: ["lib=\(link)"])
        }

        /// A set whose making takes a while, and less for whoever has it made.
        static func source(_ version: Int) -> String {
            """
            { n }: rec {
              version = \(version);
              sum = builtins.foldl' (a: b: a + b) 0 (builtins.genList (x: x * n) 300000);
              shared = import ./other.nix { inherit sum; };
              later = import ./later.nix;
            }
            """
        }

        static func write(_ source: String, to directory: String) throws {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            try source.write(toFile: "\(directory)/default.nix", atomically: true, encoding: .utf8)
            try "{ sum }: sum + 1".write(toFile: "\(directory)/other.nix", atomically: true, encoding: .utf8)
            try "\"read later\"".write(toFile: "\(directory)/later.nix", atomically: true, encoding: .utf8)
        }

        /// Replaces the root as an operator does: by another directory behind the link.
        func replaceRoot(version: Int) throws {
            try Self.write(Self.source(version), to: "\(farm.directory)/lib-\(version)")
            let fresh = "\(farm.directory)/lib.new"
            try FileManager.default.createSymbolicLink(atPath: fresh, withDestinationPath: "lib-\(version)")
            guard unsafe rename(fresh, link) == 0 else { throw Timeout(description: "the link cannot be replaced") }
        }

        /// What the only worker says of the set.
        func announced() async throws -> WirePreparedSet? {
            try await operators.workers().first?.preparedSets.first
        }

        /// Waits until the worker has the set, in another version than this one.
        func ready(besides old: Data = Data()) async throws -> WirePreparedSet {
            var found: WirePreparedSet?
            try await eventually("the set is ready", within: 120) {
                guard let set = try await announced() else { return false }
                if set.state == .failed { throw Timeout(description: "the set failed: \(set.reason)") }
                guard set.state == .ready, set.identity != old else { return false }
                found = set
                return true
            }
            return try #require(found)
        }

        func evaluate(_ change: (inout WireJobSpecification) -> Void) async throws -> WireJobStatus {
            var job = WireJobSpecification.with { $0.prepared.name = "lib" }
            change(&job)
            let receipt = try #require(try await client.submit([job]).first)
            let number = try #require(receipt.job, "\(receipt)")
            return try await client.result(number, wait: .seconds(120))
        }

        func value(_ change: (inout WireJobSpecification) -> Void) async throws -> String {
            let status = try await evaluate(change)
            #expect(status.outcome == .ok, "\(String(decoding: status.result.failure.message, as: UTF8.self))")
            return String(decoding: status.result.value, as: UTF8.self)
        }

        /// The processes that make images.
        func builders() -> [Int32] {
            let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) }
            return (processes ?? []).filter { process in
                let words = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
                let text = String(decoding: words, as: UTF8.self)
                return text.contains("--make-image") && text.contains(farm.directory)
            }
        }

        func files(_ kind: String) -> [String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: images)) ?? []
            return names.filter { $0.hasSuffix(".\(kind)") }
        }
    }

    /// The job is submitted before the image is there, and waits for it.
    @Test func jobsStartFromTheSet() async throws {
        let farm = try await PreparedFarm()
        #expect(try await farm.value { $0.attribute = "shared" } == "224999250001")
        let set = try await farm.ready()
        #expect(set.byteCount > 0 && set.root == "lib")
        #expect(farm.files("image").count == 1 && farm.files("partial").isEmpty)
        let function = try await farm.evaluate { $0.source.text = Data("set: set.version + set.sum".utf8) }
        #expect(String(decoding: function.result.value, as: UTF8.self) == "224999250001")
        #expect(function.result.preparedIdentity == set.identity)
        #expect(try await farm.value { $0.attribute = "later" } == "\"read later\"", "its files can be read")
        let walk = try await farm.evaluate { $0.walk.paths = [WireAttributePath()] }
        #expect(String(decoding: walk.result.value, as: UTF8.self).contains("\"attrs\":[\"later\","))
    }

    /// A job pays for what it evaluates itself, and the same on any worker.
    @Test func fuelCountsFromTheSet() async throws {
        let farm = try await PreparedFarm()
        _ = try await farm.ready()
        let first = try await farm.evaluate { $0.attribute = "sum" }
        let again = try await farm.evaluate { $0.attribute = "sum" }
        try await farm.farm.workers[0].killNow()
        try farm.startWorker()
        let restarted = try await farm.evaluate { $0.attribute = "sum" }
        let fuel = [first, again, restarted].map(\.result.statistics.fuel)
        #expect(Set(fuel).count == 1, "\(fuel)")
        #expect(first.result.preparedIdentity == restarted.result.preparedIdentity)
    }

    @Test func aReplacedRootIsAnotherSet() async throws {
        let farm = try await PreparedFarm()
        let old = try await farm.ready()
        #expect(try await farm.value { $0.attribute = "version" } == "1")
        try farm.replaceRoot(version: 2)
        let new = try await farm.ready(besides: old.identity)
        #expect(try await farm.value { $0.attribute = "version" } == "2")
        #expect(farm.files("image").count == 2)
        try farm.replaceRoot(version: 1)
        let back = try await farm.ready(besides: new.identity)
        #expect(back.identity == old.identity, "the same contents are the same set")
    }

    @Test func aKilledBuilderLeavesNothingAndIsStartedAgain() async throws {
        let farm = try await PreparedFarm()
        var killed = false
        try await eventually("a builder is killed", pause: nil) {
            for process in farm.builders() where kill(process, SIGKILL) == 0 { killed = true }
            return killed
        }
        #expect(farm.files("image").isEmpty)
        try await farm.farm.workers[0].killNow()
        try await eventually("its builders have ended") { farm.builders().isEmpty }
        try farm.startWorker()
        _ = try await farm.ready()
        #expect(farm.files("partial").isEmpty && farm.files("failure").isEmpty)
    }

    @Test func twoSupervisorsMakeOneImage() async throws {
        let farm = try await PreparedFarm()
        try farm.farm.startWorker(
            1,
            settings: [
                "images.directory=\(farm.images)", "preparedSets.lib.root=lib", "preparedSets.lib.arguments=n=5",
            ], roots: ["lib=\(farm.link)"])
        try await eventually("both have the set", within: 120) {
            let sets = try await farm.operators.workers().flatMap(\.preparedSets)
            return sets.count == 2 && sets.allSatisfy { $0.state == .ready } && Set(sets.map(\.identity)).count == 1
        }
        #expect(farm.files("image").count == 1)
    }

    @Test func aDamagedImageIsMadeAgain() async throws {
        let farm = try await PreparedFarm()
        let set = try await farm.ready()
        try await farm.farm.workers[0].killNow()
        let image = "\(farm.images)/\(try #require(farm.files("image").first))"
        var bytes = try #require(FileManager.default.contents(atPath: image))
        bytes[bytes.count / 2] ^= 0xFF
        try FileManager.default.removeItem(atPath: image)
        try bytes.write(to: URL(filePath: image))
        try farm.startWorker()
        // Until the new process is heard of, the coordinator shows what the old one said.
        try await eventually("the image is made again", within: 120) {
            FileManager.default.contents(atPath: image).map { $0 != bytes } ?? false
        }
        #expect(try await farm.ready().identity == set.identity)
        #expect(try await farm.value { $0.attribute = "version" } == "1")
    }

    /// An image that was removed is made again when a job needs it.
    @Test func aRemovedImageIsMadeWhenAJobNeedsIt() async throws {
        let farm = try await PreparedFarm()
        _ = try await farm.ready()
        try FileManager.default.removeItem(atPath: "\(farm.images)/\(try #require(farm.files("image").first))")
        try await eventually("the worker has noticed") { try await farm.announced()?.state == .absent }
        #expect(try await farm.value { $0.attribute = "version" } == "1")
    }

    @Test func aSetThatCannotBeMadeEndsItsJobs() async throws {
        let farm = try await PreparedFarm(path: "missing.nix")
        let status = try await farm.evaluate { $0.attribute = "version" }
        #expect(status.outcome == .evalError)
        let message = String(decoding: status.result.failure.message, as: UTF8.self)
        #expect(
            message.contains("the prepared set 'lib' cannot be made") && message.contains("missing.nix"), "\(message)")
    }

    @Test func otherTenantsAreRefused() async throws {
        let farm = try await PreparedFarm(tenants: "zeta")
        _ = try await farm.ready()
        let job = WireJobSpecification.with { $0.prepared.name = "lib" }
        guard case .refused(let error)? = try await farm.client.submit([job]).first else {
            Issue.record("it is accepted")
            return
        }
        #expect("\(error)".contains("this tenant may not use the set 'lib'"), "\(error)")
        let zeta = try await farm.farm.connect("zeta/one")
        let number = try #require(try await zeta.submit([job]).first?.job)
        #expect(try await zeta.result(number, wait: .seconds(60)).outcome == .ok)
    }

    @Test func commandsNameSets() async throws {
        let farm = try await PreparedFarm()
        let set = try await farm.ready()
        let identity = set.identity.map { String(format: "%02x", $0) }.joined()
        let arguments = ["submit", "--wait", "--prepared", "lib"] + farm.farm.clientArguments
        let value = try await FarmProcess.run(arguments + ["-A", "version", "--json"])
        #expect(value.output.contains("\"value\":\"1\"") && value.output.contains(identity), "\(value)")
        #expect(try await FarmProcess.run(arguments + ["-E", "set: set.version"]).output == "1\n")
        let other = String(repeating: "0", count: 64)
        let absent = try await FarmProcess.run(
            ["submit", "--wait", "--prepared", "lib@\(other)", "-A", "version", "--expires", "1"]
                + farm.farm.clientArguments)
        #expect(absent.code == 1 && absent.errors.contains("prepared set 'lib' with identity \(other)"), "\(absent)")
        let walked = try await FarmProcess.run(
            ["eval-jobs", "--prepared", "lib", "--workers", "1"] + farm.farm.clientArguments)
        #expect(walked.code == 0 && walked.errors.contains("0 errors"), "\(walked)")
    }
}
