import Foundation
import NixEval
import NixStore
import NixVM
import TestSupport
import Testing

/// Fetching, and reading fetched trees, under limits and where only roots can be read.
@Suite struct FetchTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("firn-fetch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func write(_ name: String, _ text: String) throws {
        let file = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    private func remove() { try? FileManager.default.removeItem(at: folder) }

    private func rooted() throws -> RootedIO {
        try RootedIO(roots: [RootedIO.Root(name: "r", directory: Array(folder.path.utf8))])
    }

    private var limited: Limits { Limits(memory: 32 << 20) }

    @Test(arguments: [
        #"derivation { name = "x${toString n}"; system = "s"; builder = "b"; }"#,
        #"builtins.toFile "x" (toString n)"#,
        #""${builtins.path { path = /etc/hostname; name = "n${toString n}"; }}""#,
    ])
    func countsWhatItKnowsOfTheStore(made: String) {
        let source = """
            let go = n: builtins.seq (builtins.stringLength "${\(made)}") (go (n + 1)); in go 0
            """
        #expect(Evaluation.of(source, limits: limited) == .failure(.memoryExceeded))
    }

    @Test func countsWhatItUnpacks() throws {
        defer { remove() }
        var archive = TarArchive()
        archive.entry("zero", size: 64 << 20)
        let zeros = [UInt8](repeating: 0, count: 64 << 20)
        try Data(archive.bytes + zeros).write(to: folder.appendingPathComponent("big.tar"))
        let source = #"builtins.fetchTarball "file://\#(folder.path)/big.tar""#
        #expect(Evaluation.of(source, limits: limited) == .failure(.memoryExceeded))
        guard case .value = Evaluation.of(source) else {
            Issue.record("not unpacked without a limit")
            return
        }
    }

    @Test func fetchesFromRootsOnly() throws {
        defer { remove() }
        try write("flake.nix", "{ outputs = { self }: { value = builtins.readFile ./text; }; }")
        try write("text", "inside")
        let io = try rooted()
        let pure = MachineSettings(pure: true)
        func of(_ source: String) -> Evaluation { Evaluation.of(source, settings: pure, io: io) }
        #expect(of(#"(builtins.getFlake "/roots/r").value"#) == .value(#""inside""#))
        #expect(of(#"builtins.readFile (builtins.fetchurl "file:///roots/r/text")"#) == .value(#""inside""#))
        #expect(of(#"builtins.readFile "${/roots/r}/text""#) == .value(#""inside""#))
        #expect(of(#"builtins.fetchurl "file:///etc/passwd""#) == .failure(.restricted))
        #expect(of(#"builtins.fetchTarball "file:///roots/other/a.tar""#) == .failure(.restricted))
        #expect(of(#"builtins.fetchTree { type = "path"; path = "/etc"; }"#) == .failure(.restricted))
        #expect(of(#"builtins.fetchGit "/roots/r""#) == .failure(.restricted))
        #expect(of(#"builtins.fetchTarball "https://example.org/a.tar""#) == .failure(.restricted))
    }

    /// A farm's job, whose worker may download: what comes from elsewhere needs a hash although files are fixed.
    @Test func downloadsByHashWhereFilesAreFixed() throws {
        defer { remove() }
        var pure = MachineSettings(pure: true)
        var network = NetworkSettings(cacheDirectory: folder.path, repositoryDirectory: folder.path)
        network.transport = OneAnswer(body: "inside")
        pure.fetching.network = network
        pure.fetching.allowedURIs = ["http://127.0.0.1/"]
        try write("text", "inside")
        let settings = pure
        let io = try rooted()
        func of(_ source: String) -> Evaluation { Evaluation.of(source, settings: settings, io: io) }
        let hash = #"sha256 = "sha256-DjWWbO5RlSqn4e2Zt5e6aZ+9YB9F3KXyPfuHa0vLPLU=";"#
        #expect(of(#"builtins.fetchurl "http://127.0.0.1/x""#) == .failure(.restricted))
        #expect(of(#"builtins.fetchTree "http://127.0.0.1/x""#) == .failure(.restricted))
        #expect(of(#"builtins.fetchTarball "http://127.0.0.1/x""#) == .failure(.restricted))
        #expect(of(#"(builtins.getFlake "http://127.0.0.1/x").v"#) == .failure(.restricted))
        #expect(
            of(#"builtins.readFile (builtins.fetchurl { url = "http://127.0.0.2/x"; \#(hash) })"#)
                == .failure(.restricted))
        #expect(
            of(#"builtins.readFile (builtins.fetchurl { url = "http://127.0.0.1/x"; \#(hash) })"#) == .failure(.value))
        let right = #"sha256 = builtins.hashFile "sha256" /roots/r/text;"#
        #expect(
            of(#"builtins.readFile (builtins.fetchurl { url = "http://127.0.0.1/x"; \#(right) })"#)
                == .value(#""inside""#))
        #expect(of(#"builtins.readFile (builtins.fetchurl "file:///roots/r/text")"#) == .value(#""inside""#))
    }

    @Test func wantsHashesWhenPure() throws {
        defer { remove() }
        try write("text", "inside")
        let pure = MachineSettings(pure: true)
        #expect(
            Evaluation.of("builtins.fetchurl \"file://\(folder.path)/text\"", settings: pure) == .failure(.restricted))
        #expect(
            Evaluation.of("builtins.fetchTree { type = \"path\"; path = \"\(folder.path)\"; }", settings: pure)
                == .failure(.restricted))
    }
}
