import Foundation
import Testing

@testable import FarmCommands

/// A configuration file that is removed at the end of the test.
struct SettingsFile: ~Copyable {
    let path = NSTemporaryDirectory() + "firn-settings-\(UUID().uuidString).yaml"

    init(_ text: String) throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

private func source(
    _ file: String?, set: [(key: String, value: String)] = [], environment: [String: String] = [:]
) async throws -> SettingsSource {
    try await SettingsSource(file: file, prefix: "FIRN_TEST_", overrides: set, environment: environment)
}

@Test func theCommandLineWinsOverTheEnvironmentAndThatOverTheFile() async throws {
    let file = try SettingsFile("first: 1\nsecond: 1\nthird: 1\npart:\n  leaseMs: 7\n")
    var settings = try await source(
        file.path, set: [("first", "3")],
        environment: ["FIRN_TEST_FIRST": "2", "FIRN_TEST_SECOND": "2", "FIRN_OTHER": "9"])
    #expect(try settings.number("first", in: 0...9) == 3)
    #expect(try settings.number("second", in: 0...9) == 2)
    #expect(try settings.number("third", in: 0...9) == 1)
    #expect(try settings.number("part.leaseMs", in: 0...9) == 7)
    #expect(try settings.number("absent", in: 0...9) == nil)
    try settings.finish()
}

@Test func aKeyInASectionHasAVariable() async throws {
    var settings = try await source(nil, environment: ["FIRN_TEST_PART_LEASE_MS": "5"])
    #expect(try settings.number("part.leaseMs", in: 0...9) == 5)
    try settings.finish()
}

@Test(arguments: [
    ("leas: 5", [:], [], "unknown key 'leas'; known: lease"),
    ("", ["FIRN_TEST_LEAS": "5"], [], "unknown variable 'FIRN_TEST_LEAS'"),
    ("", [:], ["leas"], "--set: unknown key 'leas'"),
    ("part:\n  lease: 5", [:], [], ":2: unknown key 'part.lease'"),
    ("part: 5", [:], [], "unknown key 'part'; it is a section, with the keys part.ms"),
    ("lease:\n  inner: 5", [:], [], ":2: unknown key 'lease.inner'"),
]) func whatIsNotAKeyIsAnError(
    _ text: String, _ environment: [String: String], _ keys: [String], _ message: String
) async throws {
    let file = try SettingsFile(text)
    var settings = try await source(file.path, set: keys.map { ($0, "1") }, environment: environment)
    let error = #expect(throws: SettingsError.self) {
        let _: Int? = try settings.number("lease", in: 0...9)
        if text == "part: 5" { let _: Int? = try settings.number("part.ms", in: 0...9) }
        try settings.finish()
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "no error")")
}

@Test(arguments: [
    ("lease: abc", "lease is 'abc', not a number from 0 to 9"), ("lease: 10", "not a number from 0 to 9"),
    ("lease: [1, 2]", "lease must be a single value"), ("- lease", "not a list of KEY: VALUE"),
    ("lease: {", "yaml"), ("lease: 1\nlease: 2", "lease"),
]) func aWrongValueIsAnErrorThatNamesIt(_ text: String, _ message: String) async throws {
    let file = try SettingsFile(text)
    let error = await #expect(throws: SettingsError.self) {
        var settings = try await source(file.path)
        let _: Int? = try settings.number("lease", in: 0...9)
        try settings.finish()
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "no error")")
}

@Test func pathsOfAFileAreRelativeToIt() async throws {
    let file = try SettingsFile("one: keys/a\ntwo: /keys/b\nroots: [lib=lib, x=/y]\n")
    var settings = try await source(file.path, set: [("three", "keys/c")])
    let directory = (file.path as NSString).deletingLastPathComponent
    #expect(try settings.path("one") == "\(directory)/keys/a")
    #expect(try settings.path("two") == "/keys/b")
    #expect(try settings.path("three") == "keys/c")
    let roots = try settings.strings("roots")
    #expect(roots?.values == ["lib=lib", "x=/y"])
    #expect(roots?.directory == directory)
    try settings.finish()
}

@Test func sizesHaveUnits() async throws {
    let file = try SettingsFile("a: 64MiB\nb: 0\nc: 12\nd: 1q\n")
    var settings = try await source(file.path)
    #expect(try settings.size("a") == 64 << 20)
    #expect(try settings.size("b", atLeast: 0) == 0)
    #expect(try settings.size("c") == 12)
    #expect(throws: SettingsError.self) { let _: Int? = try settings.size("d") }
    #expect(throws: SettingsError.self) { let _: Int? = try settings.size("b") }
}

@Test func aFileOfCommentsSetsNothing() async throws {
    let file = try SettingsFile("# nothing\n\n")
    var settings = try await source(file.path)
    #expect(try settings.string("a") == nil)
    try settings.finish()
}
