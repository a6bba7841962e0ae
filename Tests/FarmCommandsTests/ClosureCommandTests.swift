import ArgumentParser
import FirnCommands
import FirnCoordinator
import FirnProtocol
import Foundation
import Testing

@testable import FarmCommands

/// What commands ask the farm for, and what they refuse of what it gives.
@Suite struct ClosureCommandTests {
    private func path(_ name: String) -> [UInt8] { Array("/nix/store/\(name)".utf8) }

    @Test func aListHasWhatIsReferredToFirst() throws {
        var order = ListOrder()
        try order.pass(path("a"))
        order.refer([path("a"), path("elsewhere")])
        try order.pass(path("b"))
        order.refer([path("a"), path("late")])
        #expect(throws: CommandFailure.self) { try order.pass(path("late")) }
    }

    private func closure(_ words: [String]) throws -> WireClosureRequest? {
        let command = try #require(try SubmitCommand.parseAsRoot(words + ["-E", "1"]) as? SubmitCommand)
        let template = try command.template()
        return template.hasClosure ? template.closure : nil
    }

    @Test func jobsAreAskedForObjectsOnlyIfTheyAreWanted() throws {
        #expect(try closure(["--wait"]) == nil)
        let written = try #require(
            try closure(["--wait", "--store", "daemon", "--root", "lib", "--local-root", "lib=/x"]))
        #expect(written.destination == .client && written.localRoots == ["lib"] && written.run.count == 16)
        #expect(try closure(["--wait", "--export", "x"])?.destination == .client)
        #expect(try closure(["--derivations", "client"])?.run != closure(["--derivations", "client"])?.run)
        #expect(try closure(["--derivations", "cache"])?.destination == .cache)
        let command = try #require(
            try SubmitCommand.parseAsRoot(["--derivations", "client", "--max-closure", "2K", "-E", "1"])
                as? SubmitCommand)
        #expect(try command.template().limits.closureBytes == 2_048)
    }

    @Test(arguments: [
        ["--store", "daemon"], ["--export", "x"], ["--wait", "--store", "daemon", "--export", "x"],
        ["--wait", "--store", "daemon", "--derivations", "cache"], ["--max-closure", "1K"],
        ["--derivations", "cache", "--root", "lib", "--local-root", "lib=/x"], ["--derivations", "nobody"],
        ["--derivations", "client", "--local-root", "lib=/x"], ["--wait", "--local-root", "lib=/x", "--root", "lib"],
    ])
    func whatMakesNoSenseIsRefused(_ words: [String]) {
        #expect(throws: (any Error).self) { try SubmitCommand.parseAsRoot(words + ["-E", "1"]) }
    }

    @Test func evalJobsHasItsLinesOnStandardOutput() {
        for words in [["--export", "-"], ["--no-instantiate", "--store", "daemon"]] {
            #expect(throws: (any Error).self) { try EvalJobsCommand.parseAsRoot(words + ["file.nix"]) }
        }
    }

    @Test func theOperatorsCacheIsConfigured() async throws {
        func cache(_ settings: [(key: String, value: String)]) async throws -> ClosureCacheSettings? {
            var source = try await SettingsSource(
                file: nil, prefix: "FIRN_X_", overrides: [("plainTenant", "x")] + settings, environment: [:])
            return try CoordinatorConfiguration(&source).settings.closureCache
        }
        #expect(try await cache([]) == nil)
        let set = try await cache([
            ("closureCache.directory", "/cache"), ("closureCache.secretKeyFile", "/key"),
            ("closureCache.compression", "xz"),
        ])
        #expect(set == ClosureCacheSettings(directory: "/cache", secretKeyFile: "/key", compression: .xz))
        await #expect(throws: SettingsError.self) { try await cache([("closureCache.compression", "brotli")]) }
        await #expect(throws: SettingsError.self) { try await cache([("closureCache.secretKeyFile", "/key")]) }
    }
}
