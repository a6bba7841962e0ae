import FirnClient
import FirnProtocol
import Foundation
import Testing

/// Who may connect, and what each role sees. Every refusal comes without a timeout and names the endpoint and the
/// reason.
@Suite struct SecurityTests {
    private func refusal(_ arguments: [String], code: Int32 = 1) async throws -> String {
        let result = try await FarmProcess.run(arguments)
        #expect(result.code == code, "\(result)")
        return result.errors
    }

    @Test func nobodyThere() async throws {
        let endpoint = "ipc://\(NSTemporaryDirectory())firn-nobody"
        let errors = try await refusal(["submit", "--endpoint", endpoint, "-E", "1"])
        #expect(errors.contains(endpoint) && errors.contains("is the coordinator running?"), "\(errors)")
    }

    @Test func refusedKeyWrongServerKeyAndNoKey() async throws {
        let farm = try await TestFarm()
        let endpoint = "ipc://\(farm.directory)/clients"
        // A key of another directory is not authorised, and that directory's coordinator key is not this coordinator's.
        let other = "\(farm.directory)/other"
        let made = try await FarmProcess.run(["keys", other, "--coordinator", "--client", "acme/one"])
        #expect(made.code == 0)
        let (own, strange) = ("\(farm.directory)/keys", "\(other)/client-acme-one.cert_secret")
        let refused = try await refusal(
            ["queue", "--endpoint", endpoint, "--key", strange, "--server-key", "\(own)/coordinator.cert"])
        #expect(refused.contains(endpoint) && refused.contains("not authorised"), "\(refused)")
        let wrong = try await refusal(
            [
                "queue", "--endpoint", endpoint, "--key", "\(own)/client-acme-one.cert_secret", "--server-key",
                "\(other)/coordinator.cert",
            ])
        #expect(wrong.contains(endpoint) && wrong.contains("server's public key"), "\(wrong)")
        let plain = try await refusal(["queue", "--endpoint", endpoint])
        #expect(plain.contains(endpoint) && plain.contains("CURVE"), "\(plain)")
    }

    @Test func aKeyOfAnotherRoleIsRefused() async throws {
        let farm = try await TestFarm()
        let keys = "\(farm.directory)/keys"
        let errors = try await refusal(
            [
                "workers", "--endpoint", "ipc://\(farm.directory)/clients", "--key", "\(keys)/operator-o.cert_secret",
                "--server-key", "\(keys)/coordinator.cert",
            ])
        #expect(errors.contains("not authorised"), "\(errors)")
    }

    @Test func plainModeIsForThisMachineOnly() async throws {
        let store = NSTemporaryDirectory() + "firn-plain-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: store) }
        let errors = try await refusal(
            [
                "coordinator", "--store", store, "--set", "plainTenant=x", "--set",
                "endpoints.clients=tcp://0.0.0.0:17701",
            ], code: 2)
        #expect(errors.contains("tcp://0.0.0.0:17701") && errors.contains("firn keys"), "\(errors)")
    }

    @Test func tenantsDoNotSeeEachOther() async throws {
        let farm = try await TestFarm(clients: ["acme/one", "globex/one"])
        try farm.startWorker(0)
        let acme = try await farm.connect("acme/one")
        let globex = try await farm.connect("globex/one")
        _ = try await acme.submit([WireJobSpecification(source: "0", key: "first")])
        let job = try #require(try await acme.submit([WireJobSpecification(source: "1 + 1", key: "same")]).first?.job)
        let other = try #require(
            try await globex.submit([WireJobSpecification(source: "2 + 2", key: "same")]).first?.job)
        #expect(job == 2 && other == 1, "idempotency keys and numbers are each tenant's own")
        #expect(try await acme.result(job, wait: .milliseconds(30_000)).result.value == Data("2".utf8))
        #expect(try await globex.result(other, wait: .milliseconds(30_000)).result.value == Data("4".utf8))
        let unknown = await #expect(throws: ClientError.self) { try await globex.result(job) }
        let never = await #expect(throws: ClientError.self) { try await globex.result(1 << 40) }
        #expect(
            "\(try #require(unknown))".replacing("\(job)", with: "N")
                == "\(try #require(never))".replacing("\(1 << 40)", with: "N"), "as if it never was")
        #expect(try await globex.jobs().jobs.map(\.job) == [other])
        #expect(try await globex.cancel([job]).map(\.effect) == [.unknownJob])
        #expect(try await globex.queue().tenants.map(\.tenant) == ["globex"])
        await #expect(throws: ClientError.self) { try await globex.trace(job) }
        await #expect(throws: ClientError.self) { try await globex.workers() }
        let operators = try await farm.connectOperator()
        #expect(Set(try await operators.jobs().jobs.map(\.tenant)) == ["acme", "globex"])
    }
}
