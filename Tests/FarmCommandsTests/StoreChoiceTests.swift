import Testing

@testable import FirnCommands

/// Which store the command line and the environment choose.
@Suite struct StoreChoiceTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func choose(
        _ environment: [String: String] = [:], _ change: (inout StoreChoice.Wishes) -> Void = { _ in }
    ) throws(StoreChoice.Mistake) -> StoreChoice {
        var wishes = StoreChoice.Wishes(workingDirectory: bytes("/work"))
        change(&wishes)
        return try StoreChoice(wishes) { environment[$0].map(bytes) }
    }

    private func mistake(_ store: String) -> String {
        do throws(StoreChoice.Mistake) {
            return "no mistake: \(try choose { $0.store = store })"
        } catch {
            return error.message
        }
    }

    @Test func writesNothingUnlessItIsAsked() throws {
        #expect(try choose() == .computed)
        #expect(try choose(["NIX_REMOTE": "daemon", "NIX_STORE_DIR": "/s"]) == .computed)
        #expect(try choose { $0.isReadWrite = true } == .computed)
        #expect(try choose(["NIX_REMOTE": ""]) { $0.followsEnvironment = true } == .computed)
        #expect(try choose { $0.store = "dummy://" } == .computed)
        #expect(
            try choose(["NIX_REMOTE": "daemon"]) {
                $0.followsEnvironment = true
                $0.isReadOnly = true
            } == .computed)
    }

    @Test func findsTheSocket() throws {
        let usual = bytes("/nix/var/nix/daemon-socket/socket")
        #expect(try choose { $0.store = "daemon" } == .daemon(socket: usual))
        #expect(try choose { $0.store = "unix://" } == .daemon(socket: usual))
        #expect(try choose { $0.store = "unix:///a/./b" } == .daemon(socket: bytes("/a/b")))
        #expect(try choose { $0.store = "unix://b" } == .daemon(socket: bytes("/work/b")))
        #expect(
            try choose(["NIX_DAEMON_SOCKET_PATH": "/d", "NIX_STATE_DIR": "/s"]) { $0.store = "daemon" }
                == .daemon(socket: bytes("/d")))
        #expect(
            try choose(["NIX_STATE_DIR": "/s"]) { $0.store = "daemon" }
                == .daemon(socket: bytes("/s/daemon-socket/socket")))
    }

    @Test func followsTheEnvironmentWhereNixDoes() throws {
        for isReadWrite in [false, true] {
            #expect(
                try choose(["NIX_REMOTE": "unix:///d"]) {
                    $0.isReadWrite = isReadWrite
                    $0.followsEnvironment = !isReadWrite
                } == .daemon(socket: bytes("/d")))
        }
        #expect(
            try choose(["NIX_REMOTE": "daemon"]) {
                $0.followsEnvironment = true
                $0.store = "./s"
            } == .directory(bytes("/work/s/nix/store")))
        // The store directory of this process stays the usual one.
        #expect(
            try choose(["NIX_STORE_DIR": "/nix/store"]) { $0.isReadWrite = true } == .directory(bytes("/nix/store")))
    }

    @Test func takesDirectoriesAsRoots() throws {
        #expect(try choose { $0.store = "/a" } == .directory(bytes("/a/nix/store")))
        #expect(try choose { $0.store = "a/" } == .directory(bytes("/work/a/nix/store")))
        #expect(try choose { $0.store = "/" } == .directory(bytes("/nix/store")))
        #expect(try choose { $0.export = "-" } == .export(nil))
        #expect(try choose { $0.export = "file" } == .export(bytes("/work/file")))
    }

    @Test func saysWhatToDoInstead() {
        #expect(mistake("here").contains("whose name has a slash (./here)"))
        #expect(mistake("local").contains("start nix-daemon and use --store daemon"))
        #expect(mistake("auto").contains("--export FILE"))
        #expect(mistake("https://cache").contains("unknown store 'https://cache'"))
        #expect(mistake("unix:///d?root=/x").contains("has parameters"))
        #expect(throws: StoreChoice.Mistake.self) {
            try choose {
                $0.export = "-"
                $0.isReadOnly = true
            }
        }
    }
}
