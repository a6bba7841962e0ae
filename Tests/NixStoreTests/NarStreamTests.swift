import Glibc
import Testing

@testable import NixStore

/// Hashes of trees, including hostile ones.
@Suite struct NarStreamTests {
    private let directory: TemporaryDirectory
    private let io = LocalIO()

    init() throws { directory = try TemporaryDirectory() }

    private func hash(_ path: [UInt8], proceed: @escaping (Int) -> Bool = { _ in true }) throws -> String {
        let hash = try NarStream.hash(path, .sha256, io: io, proceed: proceed)
        return String(decoding: hash.text(.nix32), as: UTF8.self)
    }

    /// The expected hashes are those of `nix-hash --type sha256 --base32`.
    @Test func hashesTrees() throws {
        directory.directory("tree")
        directory.directory("tree/sub")
        try directory.file("tree/file", "contents\n")
        try directory.file("tree/run", "#!/bin/sh\n")
        unsafe chmod(directory("tree/run").cPath, 0o755)
        try directory.file("tree/sub/inner", "in")
        directory.link("tree/sub/link", to: "../file")
        #expect(try hash(directory("tree")) == "1c31i7zp2bdj1jis7hazzpbka4mrc7vd6vjhzsl04ijph30jj13g")
        #expect(try hash(directory("tree/sub/link")) == "13qywnz4911qnz81937d2gc0kh80rj5r3jby22ixsklmqn6s5ryh")
    }

    @Test func leavesOutWhatIsNotAccepted() throws {
        directory.directory("a")
        directory.directory("b")
        try directory.file("a/kept", "1")
        try directory.file("a/left", "2")
        try directory.file("b/kept", "1")
        let keptOnly = try NarStream.hash(directory("a"), .sha256, io: io) { path, _ in
            path.suffix(4).elementsEqual(Array("kept".utf8))
        } proceed: { _ in
            true
        }
        #expect(keptOnly == (try NarStream.hash(directory("b"), .sha256, io: io, proceed: { _ in true })))
    }

    @Test func takesNamesThatAreNotUTF8() throws {
        let name = directory("tree") + [CanonPath.slash, 0xFF, 0xFE]
        directory.directory("tree")
        let before = try hash(directory("tree"))
        let descriptor = unsafe open(name.cPath, O_WRONLY | O_CREAT, 0o644)
        try #require(descriptor >= 0)
        close(descriptor)
        #expect(try hash(directory("tree")) != before)
    }

    @Test func refusesWhatIsNoFile() throws {
        directory.directory("tree")
        directory.fifo("tree/fifo")
        #expect(throws: ArchiveError.self) { try hash(directory("tree")) }
        #expect(throws: ArchiveError.self) { try hash(Array("/dev/zero".utf8)) }
        #expect(throws: ArchiveError.self) { try hash(directory("missing")) }
    }

    @Test func endsWhenToldTo() throws {
        // A sparse file that is too large to be read during the test.
        let descriptor = unsafe open(directory("huge").cPath, O_WRONLY | O_CREAT, 0o644)
        try #require(descriptor >= 0 && ftruncate(descriptor, 1 << 42) == 0)
        close(descriptor)
        var seen = 0
        #expect(throws: ArchiveError.self) {
            try hash(directory("huge")) { count in
                seen += count
                return seen < 1 << 20
            }
        }
        #expect(seen < 1 << 22)
    }

    @Test(arguments: ["grown", ""]) func noticesThatAFileChanges(_ contents: String) throws {
        try directory.file("file", "some")
        var failed = false
        do throws(EvalIOError) {
            unsafe try io.streamFile(directory("file")) { _ in
                try? directory.file("file", contents + contents)
            } piece: { _ in
                true
            }
        } catch {
            failed = error.kind == .changed
        }
        #expect(failed)
    }

    @Test func takesLargeDirectories() throws {
        directory.directory("tree")
        let count = 100_000
        for index in 0..<count {
            let descriptor = unsafe open(directory("tree/\(index)").cPath, O_WRONLY | O_CREAT, 0o644)
            try #require(descriptor >= 0)
            close(descriptor)
        }
        var entries = 0
        _ = try hash(directory("tree")) { _ in
            entries += 1
            return true
        }
        // Each entry, and the directory itself.
        #expect(entries >= count + 1)
    }

    /// In roots, symbolic links that lead outside are archived as links and never followed.
    @Test func archivesLinksAsTheyAre() throws {
        directory.directory("root")
        directory.link("root/out", to: "/etc/passwd")
        let rooted = try RootedIO(roots: [RootedIO.Root(name: "r", directory: directory("root"))])
        let inside = try NarStream.hash(Array("/roots/r".utf8), .sha256, io: rooted, proceed: { _ in true })
        #expect(inside == (try NarStream.hash(directory("root"), .sha256, io: io, proceed: { _ in true })))
        #expect(throws: ArchiveError.self) {
            try NarStream.flatHash(Array("/roots/r/out".utf8), .sha256, io: rooted, proceed: { _ in true })
        }
    }
}
