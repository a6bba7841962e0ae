import NixStore
import Testing

@Suite struct RootedIOTests {
    private let directory: TemporaryDirectory
    private let io: RootedIO

    init() throws {
        directory = try TemporaryDirectory()
        directory.directory("lib")
        directory.directory("lib/sub")
        try directory.file("lib/default.nix", "inside")
        try directory.file("lib/sub/deep.nix", "deep")
        try directory.file("secret", "outside")
        io = try RootedIO(
            roots: [RootedIO.Root(name: "lib", directory: directory("lib"))],
            bundle: [
                BundleFile(path: Array("main.nix".utf8), contents: Array("main".utf8)),
                BundleFile(path: Array("parts/a.nix".utf8), contents: Array("a".utf8)),
            ])
    }

    @Test func readsRootsAndBundle() throws {
        #expect(try read("/roots/lib/default.nix") == "inside")
        #expect(try read("/roots/lib/sub/../sub/deep.nix") == "deep")
        #expect(try read("/job/main.nix") == "main")
        #expect(try read("/job/parts/a.nix") == "a")
        #expect(try names("/job") == ["main.nix", "parts"])
        #expect(try names("/roots/lib") == ["default.nix", "sub"])
        #expect(try io.resolveImport(Array("/roots/lib".utf8)) == Array("/roots/lib/default.nix".utf8))
    }

    @Test func followsLinksThatStayInside() throws {
        directory.link("lib/sub/up", to: "../default.nix")
        directory.link("lib/again", to: "sub/..//./sub")
        #expect(try read("/roots/lib/sub/up") == "inside")
        #expect(try read("/roots/lib/again/deep.nix") == "deep")
        #expect(
            try io.resolveSymlinks(Array("/roots/lib/again/up".utf8), .full) == Array("/roots/lib/default.nix".utf8))
    }

    @Test(arguments: ["../secret", "../../etc/passwd", "/etc/passwd", "sub/../../secret", "."])
    func neverFollowsLinksOut(target: String) throws {
        directory.link("lib/escape", to: target)
        let paths = target == "." ? ["/roots/lib/escape/../../secret"] : ["/roots/lib/escape"]
        for path in paths {
            #expect(throws: EvalIOError.self) { try read(path) }
            #expect(throws: EvalIOError.self) { try io.readDirectory(Array(path.utf8)) }
        }
        // The link itself is visible, as in Nix; its target is not.
        if target != "." {
            #expect(try io.fileType(Array("/roots/lib/escape".utf8)) == .symlink)
            #expect(try !io.pathExists(Array("/roots/lib/escape/x".utf8)))
        }
    }

    /// The other roots and the bundle are in front of the root that has everything.
    @Test func aRootMayBeSeenAtItsOwnPaths() throws {
        let whole = try RootedIO(
            roots: [
                RootedIO.Root(name: "/", directory: Array("/".utf8)),
                RootedIO.Root(name: "lib", directory: directory("lib")),
            ], bundle: [BundleFile(path: Array("main.nix".utf8), contents: Array("main".utf8))])
        let here = directory("lib/default.nix")
        #expect(try whole.readFile(here) == Array("inside".utf8))
        #expect(try whole.readFile(Array("/roots/lib/default.nix".utf8)) == Array("inside".utf8))
        #expect(try whole.readFile(Array("/job/main.nix".utf8)) == Array("main".utf8))
        #expect(try whole.fileType([UInt8(ascii: "/")]) == .directory)
        #expect(try whole.readDirectory([UInt8(ascii: "/")]).contains { $0.name == Array("proc".utf8) })
        #expect(try whole.resolveSymlinks([UInt8(ascii: "/")], .full) == [UInt8(ascii: "/")])
        directory.link("lib/absolute", to: String(decoding: directory("secret"), as: UTF8.self))
        directory.link(
            "lib/high", to: "../../../../../../../../../../" + String(decoding: here.dropFirst(), as: UTF8.self))
        #expect(try whole.readFile(directory("lib/absolute")) == Array("outside".utf8))
        #expect(try whole.resolveSymlinks(directory("lib/high"), .full) == here)
        #expect(throws: EvalIOError.self) { try whole.readFile(Array("/roots/lib/absolute".utf8)) }
        // A job that does not name the root does not see it.
        #expect(throws: EvalIOError.self) { try whole.restricted(to: ["lib"], bundle: []).readFile(here) }
    }

    @Test func namesTheRootThatIsMissing() throws {
        do {
            _ = try io.readFile(Array("/roots/nixpkgs/default.nix".utf8))
            Issue.record("a root that is not there was read")
        } catch {
            #expect(error.description.hasSuffix("no root holds it; the job has no root 'nixpkgs'"))
        }
        directory.link("lib/out", to: "/etc/passwd")
        do {
            _ = try io.readFile(Array("/roots/lib/out".utf8))
            Issue.record("a link led out")
        } catch {
            #expect(error.description.hasSuffix("a link on the way leads to '/etc/passwd', out of its root"))
        }
    }

    @Test(arguments: [
        "/", "/roots", "/roots/other/x", "/etc/passwd", "/roots/lib/../../etc/passwd", "/roots/libx", "/jobs",
    ])
    func refusesEverythingElse(path: String) throws {
        let canonical = CanonPath.canonicalize(Array(path.utf8))
        let expected =
            "access to absolute path '\(String(decoding: canonical, as: UTF8.self))' is forbidden: no root holds it; "
        do {
            _ = try io.readFile(Array(path.utf8))
            Issue.record("\(path) was read")
        } catch {
            #expect(error.kind == .outsideRoots)
            #expect(error.description.hasPrefix(expected))
        }
        #expect(try !io.pathExists(Array(path.utf8)))
    }

    @Test func endsOnLinksWithoutEnd() throws {
        directory.link("lib/loop", to: "loop")
        #expect(throws: EvalIOError.self) { try read("/roots/lib/loop") }
    }

    @Test func doesNotWaitForFIFOs() throws {
        directory.fifo("lib/fifo")
        #expect(throws: EvalIOError.self) { try read("/roots/lib/fifo") }
        #expect(try io.fileType(Array("/roots/lib/fifo".utf8)) == .unknown)
    }

    @Test func missesWhatIsNotThere() throws {
        #expect(try io.fileType(Array("/roots/lib/none".utf8)) == nil)
        #expect(try io.fileType(Array("/job/none".utf8)) == nil)
        #expect(try io.fileType(Array("/roots/lib/default.nix/x".utf8)) == nil)
        #expect(throws: EvalIOError.self) { try read("/roots/lib/default.nix/x") }
        #expect(throws: EvalIOError.self) { try read("/job/parts") }
    }

    @Test func keepsToTheLimit() throws {
        #expect(throws: EvalIOError.self) { try io.readFile(Array("/job/main.nix".utf8), limit: 3) }
        #expect(throws: EvalIOError.self) { try io.readFile(Array("/roots/lib/default.nix".utf8), limit: 5) }
        #expect(try io.readFile(Array("/roots/lib/default.nix".utf8), limit: 6).count == 6)
    }

    @Test func hidesTheSurroundings() {
        #expect(io.environmentVariable(Array("PATH".utf8)) == nil)
        #expect(io.homeDirectory == nil)
        #expect(io.currentTime() == nil)
        #expect(io.isPure)
    }

    @Test(arguments: ["", "/a", "a/../b", "./a", "a//b", "a/", "a\0b"])
    func refusesBundlePaths(path: String) {
        #expect(throws: RootedIOError.invalidBundlePath(Array(path.utf8))) {
            try RootedIO(roots: [], bundle: [BundleFile(path: Array(path.utf8), contents: [])])
        }
    }

    @Test func refusesConflictsAndBadRoots() {
        let file = BundleFile(path: Array("a".utf8), contents: [])
        let below = BundleFile(path: Array("a/b".utf8), contents: [])
        for bundle in [[file, file], [file, below], [below, file]] {
            #expect(throws: RootedIOError.self) { try RootedIO(roots: [], bundle: bundle) }
        }
        for name in ["", "..", "a/b", "a b"] {
            #expect(throws: RootedIOError.invalidRootName(name)) {
                try RootedIO(roots: [RootedIO.Root(name: name, directory: Array("/".utf8))])
            }
        }
        #expect(throws: RootedIOError.self) {
            try RootedIO(roots: [RootedIO.Root(name: "x", directory: Array("/does-not-exist".utf8))])
        }
    }

    @Test func restrictsToATenantsRoots() throws {
        let restricted = try io.restricted(to: ["absent"], bundle: [])
        #expect(throws: EvalIOError.self) { try restricted.readFile(Array("/roots/lib/default.nix".utf8)) }
        let same = try io.restricted(to: ["lib"], bundle: [])
        #expect(try same.readFile(Array("/roots/lib/default.nix".utf8)) == Array("inside".utf8))
    }

    private func read(_ path: String) throws(EvalIOError) -> String {
        String(decoding: try io.readFile(Array(path.utf8)), as: UTF8.self)
    }

    private func names(_ path: String) throws(EvalIOError) -> [String] {
        try io.readDirectory(Array(path.utf8)).map { String(decoding: $0.name, as: UTF8.self) }
    }
}
