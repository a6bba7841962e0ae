import FirnCoordinator
import FirnWorker
import Foundation
import Testing

@testable import FarmCommands

/// The files in config/ name every key with its default: reading them changes nothing, and no key is missing.
private let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "config").path

private func source(_ file: String?, set: [(key: String, value: String)] = []) async throws -> SettingsSource {
    try await SettingsSource(file: file.map { "\(folder)/\($0)" }, prefix: "FIRN_X_", overrides: set, environment: [:])
}

private func described(_ value: Any) -> String {
    var text = ""
    dump(value, to: &text)
    return text
}

private func missing(_ settings: SettingsSource, _ file: String) throws -> [String] {
    let keys = Set(try SettingsDocument(path: "\(folder)/\(file)").keys.map(\.key))
    return settings.knownKeys.filter { !keys.contains($0) }
}

@Test func theCoordinatorsFileHasItsDefaults() async throws {
    // Who may connect has no default.
    var file = try await source("coordinator.yaml", set: [("plainTenant", "x")])
    var none = try await source(nil, set: [("plainTenant", "x"), ("store", "\(folder)/firn-store")])
    _ = try file.string("logLevel")
    let written = try CoordinatorConfiguration(&file)
    try file.finish()
    #expect(described(written) == described(try CoordinatorConfiguration(&none)))
    #expect(try missing(file, "coordinator.yaml") == [])
}

@Test func theWorkersFileHasItsDefaults() async throws {
    var file = try await source("worker.yaml")
    var none = try await source(nil)
    _ = try file.string("logLevel")
    let written = try WorkerSettings(&file)
    try file.finish()
    #expect(described(written) == described(try WorkerSettings(&none)))
    #expect(try missing(file, "worker.yaml") == [])
}

@Test func theClientsFileHasItsDefaults() async throws {
    var file = try await source("client.yaml")
    var none = try await source(nil)
    let written = try ConnectionSettings(&file)
    #expect(described(written) == described(try ConnectionSettings(&none)))
    #expect(try missing(file, "client.yaml") == [])
}

@Test func aTenantsSectionStandsOnTheDefaults() async throws {
    let file = try SettingsFile(
        "plainTenant: x\ntenantDefaults:\n  weight: 3\n  running: 7\ntenants:\n  acme:\n    weight: 2\n    roots: [lib]\n"
    )
    var settings = try await SettingsSource(file: file.path, prefix: "FIRN_X_", overrides: [], environment: [:])
    let coordinator = try CoordinatorConfiguration(&settings)
    try settings.finish()
    let acme = try #require(coordinator.settings.tenants["acme"])
    #expect(acme.weight == 2 && acme.maximumRunning == 7 && acme.roots == ["lib"])
    #expect(coordinator.settings.defaultPolicy.weight == 3 && coordinator.settings.defaultPolicy.roots == nil)
}

@Test func someoneMustBeAdmitted() async throws {
    for set in [[], [(key: "keys", value: "a"), (key: "plainTenant", value: "b")]] {
        var settings = try await source(nil, set: set)
        #expect(throws: SettingsError.self) { try CoordinatorConfiguration(&settings) }
    }
}

@Test func rootsOfAWorkerAreNamedDirectories() async throws {
    var good = try await source(nil, set: [("roots", "lib=/srv/lib,x=/y")])
    #expect(try WorkerSettings(&good).configuration.roots == ["lib": "/srv/lib", "x": "/y"])
    for bad in ["lib", "=x", "lib=", "../a=/x", "a=/x,a=/y"] {
        var settings = try await source(nil, set: [("roots", bad)])
        #expect(throws: SettingsError.self) { try WorkerSettings(&settings) }
    }
}

@Test(arguments: [
    ("tcp://127.0.0.1:99999", "1 to 65535"), ("tcp://127.0.0.1:*", "1 to 65535"), ("tcp://farm", "no endpoint"),
    ("farm:7702", "no endpoint"), ("ipc://", "no endpoint"),
]) func anEndpointIsCheckedWhenItIsRead(_ endpoint: String, _ reason: String) async throws {
    var worker = try await source(nil, set: [("endpoint", endpoint)])
    var client = try await source(nil, set: [("operators.endpoint", endpoint)])
    let errors = [
        #expect(throws: SettingsError.self) { try WorkerSettings(&worker) },
        #expect(throws: SettingsError.self) { try ConnectionSettings(&client) },
    ]
    for error in errors { #expect(error?.description.contains(reason) == true, "\(error?.description ?? "no error")") }
}
