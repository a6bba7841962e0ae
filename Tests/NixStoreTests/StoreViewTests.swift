import Testing

@testable import NixStore

@Suite struct StoreViewTests {
    private let directory: TemporaryDirectory
    private let view = StoreView(LocalIO())
    private static let path = "/nix/store/00000000000000000000000000000000-tree"

    init() throws {
        directory = try TemporaryDirectory()
        directory.directory("sub")
        try directory.file("a", "one")
        try directory.file("sub/b", "two")
        directory.link("sub/up", to: "../a")
        directory.link("out", to: "../../../../../../etc/passwd")
        directory.link("loop", to: "loop")
    }

    private func bytes(_ path: String) -> [UInt8] { Array((Self.path + path).utf8) }

    private func add(_ accepted: [String]? = nil) {
        let paths = accepted.map { Set($0.map { directory($0) }) }
        _ = view.add(bytes(""), StoreObject(LocalIO(), root: directory.path, accepted: paths))
    }

    @Test func readsATreeAtItsStorePath() throws {
        add()
        #expect(try view.readFile(bytes("/a")) == Array("one".utf8))
        #expect(try view.readDirectory(bytes("")).map { $0.name }.contains(Array("sub".utf8)))
        #expect(try view.fileType(bytes("/sub")) == .directory)
        #expect(try view.fileType(bytes("/none")) == nil)
        #expect(try view.fileType(bytes("/a/below")) == nil)
    }

    /// A path that no file can have is not taken apart: below each of its components links would be looked for.
    @Test func refusesPathsThatAreTooLong() throws {
        let long = Array(String(repeating: "/a", count: 1 << 20).utf8)
        for path in [long, bytes("") + long] {
            #expect(try view.fileType(path) == nil)
            #expect(try view.pathExists(path) == false)
            let errors = [
                #expect(throws: EvalIOError.self) { try view.resolveSymlinks(path, .full) },
                #expect(throws: EvalIOError.self) { try view.readFile(path) },
                #expect(throws: EvalIOError.self) { try view.readDirectory(path) },
                #expect(throws: EvalIOError.self) { try view.readLink(path) },
            ]
            for error in errors {
                #expect(error?.description.hasSuffix("': File name too long") == true)
                #expect((error?.message.count ?? .max) < 2_000)
            }
        }
        #expect(throws: EvalIOError.self) { try view.readFile(Array(long[..<(CanonPath.maximumLength - 1)])) }
    }

    @Test func followsLinksFromTheStorePath() throws {
        add()
        #expect(try view.readFile(bytes("/sub/up")) == Array("one".utf8))
        #expect(try view.resolveSymlinks(bytes("/sub/up"), .full) == bytes("/a"))
        #expect(try view.fileType(bytes("/sub/up")) == .symlink)
        #expect(try view.readLink(bytes("/sub/up")) == Array("../a".utf8))
        // The link leads out of the object, relative to the store's directory.
        #expect(try view.resolveSymlinks(bytes("/out"), .full) == Array("/etc/passwd".utf8))
        #expect(throws: EvalIOError.self) { try view.readFile(bytes("/loop")) }
    }

    @Test func hidesWhatAFilterLeftOut() throws {
        add(["sub", "sub/b"])
        #expect(try view.readDirectory(bytes("")).map { $0.name } == [Array("sub".utf8)])
        #expect(try view.readDirectory(bytes("/sub")).map { $0.name } == [Array("b".utf8)])
        #expect(try view.fileType(bytes("/a")) == nil)
        #expect(throws: EvalIOError.self) { try view.readFile(bytes("/a")) }
        #expect(try view.readFile(bytes("/sub/b")) == Array("two".utf8))
    }

    @Test func readsTexts() throws {
        _ = view.add(bytes(""), StoreObject(text: Array("text".utf8), references: []))
        #expect(try view.readFile(bytes("")) == Array("text".utf8))
        #expect(try view.fileType(bytes("")) == .regular)
        #expect(try view.fileType(bytes("/x")) == nil)
    }

    @Test func leavesOtherPathsAsTheyAre() throws {
        add()
        #expect(try view.readFile(directory("a")) == Array("one".utf8))
        #expect(try view.fileType(Array("/nix/store/11111111111111111111111111111111-other".utf8)) == nil)
    }
}
