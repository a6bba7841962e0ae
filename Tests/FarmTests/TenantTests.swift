import FirnClient
import FirnProtocol
import Foundation
import Testing

/// Tenants that are changed while the farm runs, by `firn tenants` and by SIGHUP.
@Suite struct TenantTests {
    private func operators(_ farm: TestFarm) -> [String] {
        [
            "--endpoint", "ipc://\(farm.directory)/operators", "--key", "\(farm.directory)/keys/operator-o.cert_secret",
            "--server-key", "\(farm.directory)/keys/coordinator.cert",
        ]
    }

    private func firn(_ farm: TestFarm, _ arguments: [String]) async throws -> String {
        let result = try await FarmProcess.run(arguments + operators(farm))
        #expect(result.code == 0, "\(arguments): \(result.errors)")
        return result.output
    }

    @Test func aPauseAndItsEndTakeEffectAndSurviveARestart() async throws {
        let farm = try await TestFarm()
        try farm.startWorker(0)
        _ = try await firn(farm, ["tenants", "pause", "acme"])
        let client = try await farm.connect()
        let job = try #require(try await client.submit([WireJobSpecification(source: "1 + 1", key: "a")]).first?.job)
        try await farm.coordinator?.killNow()
        try await farm.startCoordinator()
        let operators = try await farm.connectOperator()
        try await eventually("the worker is back") { try await !operators.workers().isEmpty }
        let why = try await firn(farm, ["jobs", "--operator", "--why", "1"])
        #expect(why.contains("paused the tenant acme"), "\(why)")
        #expect(try await client.result(job).state == .queued)
        let shown = try await firn(farm, ["tenants", "resume", "acme", "--json"])
        #expect(shown.contains(#""paused":false"#), "\(shown)")
        #expect(try await client.result(job, wait: .seconds(60)).result.value == Data("2".utf8))
        let table = try await firn(farm, ["tenants"])
        #expect(table.contains("acme") && table.contains("one"), "\(table)")
        _ = try await firn(farm, ["tenants", "reset", "acme"])
    }

    @Test func aKeyIsAddedAndRevokedAndItsConnectionsEndAtOnce() async throws {
        let farm = try await TestFarm()
        let file = "\(farm.directory)/keys/client-new-laptop.cert_secret"
        _ = try await firn(farm, ["tenants", "add", "new", "--weight", "2"])
        _ = try await firn(farm, ["tenants", "key", "add", "new/laptop", "--key-file", file])
        let client = try await farm.connect("new/laptop", patienceSeconds: 1)
        #expect(await client.welcome.tenant == "new")
        let other = try await farm.connect()
        let watched = try #require(try await client.submit([WireJobSpecification(source: "1")]).first?.job)
        let updates = try await client.watch([watched])
        let revoked = try await firn(farm, ["tenants", "key", "revoke", "new/laptop"])
        #expect(revoked.contains("1 connections were closed"), "\(revoked)")
        // The open watch fails, because the client cannot connect again.
        await #expect(throws: ClientError.self) { for try await _ in updates {} }
        await #expect(throws: ClientError.self) { try await farm.connect("new/laptop", patienceSeconds: 1) }
        let again = try await FarmProcess.run(
            ["tenants", "key", "revoke", "new/laptop"] + operators(farm))
        #expect(again.code == 1 && again.errors.contains("has no authorised key"), "\(again.errors)")
        #expect(try await other.submit([WireJobSpecification(source: "2")]).count == 1, "others are not affected")
        await other.close()
    }

    @Test func theConfigurationIsReadAgainOnAHangup() async throws {
        let farm = try await TestFarm()
        let file = "\(farm.directory)/coordinator.yaml"
        let endpoints = Endpoint.allCases.map { "  \($0.rawValue): ipc://\(farm.directory)/second-\($0.rawValue)" }
        func write(_ queued: String) throws {
            let text = """
                keys: \(farm.directory)/keys
                store: \(farm.directory)/second
                endpoints:
                \(endpoints.joined(separator: "\n"))
                tenants:
                  acme:
                    queued: \(queued)

                """
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        }
        try write("1")
        let coordinator = try FarmProcess(["coordinator", "--config", file])
        try await eventually("it is ready") { coordinator.output.contains("ready") }
        var configuration = ClientConfiguration(
            endpoint: "ipc://\(farm.directory)/second-clients", security: try farm.security(key: "client-acme-one"))
        configuration.unreachableAfter = .seconds(60)
        let client = try await FirnClient.connect(configuration)
        let jobs = (0..<3).map { WireJobSpecification(source: "\($0)", key: "\($0)") }
        #expect(try await client.submit(jobs).compactMap(\.job).count == 1)
        try write("not a number")
        coordinator.signal(SIGHUP)
        try await eventually("the fault is logged") { coordinator.errors.contains("stays as it was") }
        #expect(try await client.submit(jobs).compactMap(\.job).isEmpty, "one waits, as before")
        try write("10")
        coordinator.signal(SIGHUP)
        try await eventually("the new bound holds") { try await client.submit(jobs).compactMap(\.job).count == 3 }
        #expect(coordinator.isRunning)
        try await coordinator.killNow()
    }
}
