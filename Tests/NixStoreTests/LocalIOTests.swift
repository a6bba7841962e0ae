import NixStore
import Testing

@Suite struct LocalIOTests {
    private let io = LocalIO()
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func readsFilesThroughLinks() throws {
        try directory.file("a", "text")
        directory.link("b", to: "a")
        #expect(try io.readFile(directory("b")) == Array("text".utf8))
    }

    @Test func sortsDirectoriesByBytes() throws {
        try directory.file("b", "")
        directory.directory("B")
        directory.link("ä", to: "nowhere")
        directory.fifo("a")
        let expected = [("B", FileType.directory), ("a", .unknown), ("b", .regular), ("ä", .symlink)]
        let entries = try io.readDirectory(directory.path)
        #expect(entries == expected.map { DirectoryEntry(name: Array($0.0.utf8), type: $0.1) })
    }

    @Test func saysWhatIsWrong() throws {
        try directory.file("file", "12345")
        directory.directory("directory")
        directory.link("loop", to: "loop")
        directory.fifo("fifo")
        let shown = String(decoding: directory.path, as: UTF8.self)
        expect("path '\(shown)/no' does not exist") { () throws(EvalIOError) in _ = try io.readFile(directory("no")) }
        expect("path '\(shown)/file/x' does not exist") { () throws(EvalIOError) in
            _ = try io.readFile(directory("file/x"))
        }
        expect("file '\(shown)/directory' is not a regular file") { () throws(EvalIOError) in
            _ = try io.readFile(directory("directory"))
        }
        expect("file '\(shown)/fifo' is not a regular file") { () throws(EvalIOError) in
            _ = try io.readFile(directory("fifo"))
        }
        expect("file '/dev/zero' is not a regular file") { () throws(EvalIOError) in
            _ = try io.readFile(Array("/dev/zero".utf8))
        }
        expect("infinite symlink recursion in path '\(shown)/loop'") { () throws(EvalIOError) in
            _ = try io.readFile(directory("loop"))
        }
        expect("'\(shown)/file' is not a directory") { () throws(EvalIOError) in
            _ = try io.readDirectory(directory("file"))
        }
        expect("opening file '\(shown)/file': it is larger than the limit of 4") { () throws(EvalIOError) in
            _ = try io.readFile(directory("file"), limit: 4)
        }
        expect("path '\(shown)/file' is not a symlink") { () throws(EvalIOError) in
            _ = try io.readLink(directory("file"))
        }
    }

    @Test func answersWhetherAPathExists() throws {
        try directory.file("file", "")
        directory.directory("directory")
        directory.link("dangling", to: "nowhere")
        directory.link("there", to: "directory")
        #expect(try io.pathExists(directory("file")))
        #expect(try io.pathExists(directory("dangling")))
        #expect(try !io.pathExists(directory("file/x")))
        #expect(try !io.pathExists(directory("file"), mustBeDirectory: true))
        #expect(try io.pathExists(directory("there"), mustBeDirectory: true))
        #expect(try !io.pathExists(directory("dangling"), mustBeDirectory: true))
    }

    /// The directory exists like for C++ Nix, which mounts its store there, whether or not this machine has one.
    @Test func hasAStoreDirectory() throws {
        let store = Array("/nix/store".utf8)
        #expect(try io.pathExists(store, mustBeDirectory: true))
        #expect(throws: Never.self) { try io.readDirectory(store) }
        #expect(try !LocalIO(isPure: true, allowedPaths: []).pathExists(store))
        #expect(try !io.pathExists(Array("/nix/store-of-another".utf8)))
    }

    @Test func findsWhatImportReads() throws {
        directory.directory("package")
        try directory.file("package/default.nix", "1")
        directory.link("alias", to: "package")
        directory.link("file", to: "package/default.nix")
        #expect(try io.resolveImport(directory("package")) == directory("package/default.nix"))
        #expect(try io.resolveImport(directory("alias")) == directory("package/default.nix"))
        #expect(try io.resolveImport(directory("file")) == directory("package/default.nix"))
        #expect(throws: EvalIOError.self) { try io.resolveImport(directory("missing")) }
    }

    @Test func resolvesLinks() throws {
        directory.directory("real")
        directory.link("link", to: "real")
        #expect(try io.resolveSymlinks(directory("link/x"), .full) == directory("real/x"))
        #expect(try io.resolveSymlinks(directory("link"), .ancestors) == directory("link"))
    }

    @Test func hidesTheSurroundingsWhenPure() {
        let pure = LocalIO(isPure: true)
        #expect(pure.environmentVariable(Array("PATH".utf8)) == nil)
        #expect(pure.homeDirectory == nil)
        #expect(pure.currentTime() == nil)
        #expect(io.environmentVariable(Array("PATH".utf8)) != nil)
        #expect(io.currentTime() != nil)
    }

    @Test func keepsToAllowedPaths() throws {
        directory.directory("in")
        try directory.file("in/a", "1")
        try directory.file("out", "2")
        directory.link("in/escape", to: "../out")
        let io = LocalIO(allowedPaths: [directory("in")])
        #expect(try io.readFile(directory("in/a")) == Array("1".utf8))
        for name in ["out", "in/escape"] {
            #expect(throws: EvalIOError.self) { try io.readFile(directory(name)) }
        }
        #expect(try !io.pathExists(directory("out")))
    }

    @Test func restrictedEvaluationsSeeTheWayToAllowedPaths() throws {
        directory.directory("in")
        directory.directory("in/deep")
        try directory.file("in/deep/a", "1")
        try directory.file("in/beside", "2")
        directory.link("in/deep/escape", to: "../beside")
        let io = LocalIO(allowedPaths: [directory("in/deep")], isRestricted: true)
        #expect(try io.readFile(directory("in/deep/a")) == Array("1".utf8))
        #expect(try io.readDirectory(directory("in")) == [DirectoryEntry(name: Array("deep".utf8), type: .directory)])
        #expect(try io.readDirectory(directory("in/deep")).count == 2)
        #expect(try io.fileType(directory.path) == .directory)
        let beside = String(decoding: directory("in/beside"), as: UTF8.self)
        expect("access to absolute path '\(beside)' is forbidden in restricted mode") { () throws(EvalIOError) in
            _ = try io.readFile(directory("in/beside"))
        }
        #expect(throws: EvalIOError.self) { try io.readFile(directory("in/deep/escape")) }
        #expect(try !io.pathExists(directory("in/beside")))
        #expect(io.environmentVariable(Array("PATH".utf8)) == nil)
        #expect(io.homeDirectory != nil && io.currentTime() != nil)
    }

    private func expect(_ message: String, _ body: () throws(EvalIOError) -> Void) {
        do {
            try body()
            Issue.record("no error; expected: \(message)")
        } catch {
            #expect(error.description == message)
        }
    }
}
