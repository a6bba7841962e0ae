import FirnWorker
import Foundation
import Testing

@testable import FarmCommands

/// The prepared sets of a worker's configuration.
@Suite struct PreparedSetSettingsTests {
    private func settings(
        _ text: String, set: [(key: String, value: String)] = []
    ) async throws -> WorkerConfiguration {
        let file = try SettingsFile(text)
        var source = try await SettingsSource(file: file.path, prefix: "FIRN_X_", overrides: set, environment: [:])
        let settings = try WorkerSettings(&source)
        try source.finish()
        return settings.configuration
    }

    @Test func aSectionIsASet() async throws {
        let read = try await settings(
            """
            roots: [nixpkgs=/srv/nixpkgs]
            images:
              directory: /var/images
              maximumBytes: 1GiB
              memory: 2GiB
              timeoutMs: 5000
            preparedSets:
              pkgs:
                root: nixpkgs
                path: pkgs/top.nix
                arguments: ["config={ a = 1; }", "x=a=b"]
                force: [stdenv, hello]
                system: s390x-linux
                features: [pipe-operators]
                tenants: [acme]
              own:
                root: nixpkgs
                image: own.image
            """)
        var set = PreparedSet(name: "pkgs", root: "nixpkgs")
        set.path = "pkgs/top.nix"
        set.arguments = [.init(name: "config", expression: "{ a = 1; }"), .init(name: "x", expression: "a=b")]
        set.force = ["stdenv", "hello"]
        set.system = "s390x-linux"
        set.features = ["pipe-operators"]
        set.tenants = ["acme"]
        #expect(read.preparedSets.first == set)
        guard case .file(let path)? = read.preparedSets.last?.origin else {
            Issue.record("no file")
            return
        }
        #expect(path.hasPrefix("/") && path.hasSuffix("/own.image"), "it is relative to the configuration")
        var images = ImageSettings(directory: "/var/images")
        images.maximumBytes = 1 << 30
        images.memoryBytes = 2 << 30
        images.timeout = .seconds(5)
        #expect(read.images == images)
    }

    @Test func theCommandLineNamesSetsToo() async throws {
        let argument = try #require(PreparedArgument(argument: "pkgs=lib/a/b.nix"))
        let keys = argument.settings.compactMap { key, value in value.map { (key: key, value: $0) } }
        let read = try await settings("roots: [lib=/lib]", set: keys + [("images.directory", "/images")])
        #expect(read.preparedSets.map(\.name) == ["pkgs"] && read.preparedSets.map(\.root) == ["lib"])
        #expect(read.preparedSets.map(\.path) == ["a/b.nix"])
        #expect(PreparedArgument(argument: "pkgs=lib")?.path == nil)
        for wrong in ["pkgs", "pkgs=", "p.q=lib", "=lib", "pkgs=lib/", "pkgs=lib/../x"] {
            #expect(PreparedArgument(argument: wrong) == nil, "\(wrong)")
        }
    }

    @Test(arguments: [
        ("  a:\n    root: x", "preparedSets.a.root is 'x', which is not one of the worker's roots"),
        ("  a:\n    path: x.nix", "preparedSets.a needs the root that it is made from, or the file of an image"),
        ("  a:\n    root: lib", "preparedSets.a is made by this worker: set images.directory"),
        ("  a b:\n    root: lib", "'a b' is not a name"),
        ("  a:\n    image: i\n    path: ../x", "preparedSets.a.path has a part . or .."),
        ("  a:\n    image: i\n    arguments: [x]", "'x' is not NAME=EXPRESSION"),
        ("  a:\n    image: i\n    arguments: [x=1, x=2]", "'x' is named twice"),
        ("  a:\n    image: i\n    features: [flying]", "'flying' is not known"),
        ("  a:\n    image: i\n    tenants: [A/B]", "'A/B' is not a tenant's name"),
        ("  a:\n    image: i\n    colour: red", "unknown key 'preparedSets.a.colour'"),
    ]) func aWrongSetIsAnErrorThatNamesIt(_ text: String, _ message: String) async throws {
        let error = await #expect(throws: SettingsError.self) {
            _ = try await settings("roots: [lib=/lib]\npreparedSets:\n\(text)\n")
        }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "no error")")
    }
}
