import Glibc
import Platform
import Synchronization
import Testing

@testable import NixStore

/// Directories and streams as stores.
@Suite struct StoreWritingTests {
    private let directory: TemporaryDirectory
    private let io = LocalIO()

    init() throws {
        directory = try TemporaryDirectory()
        directory.directory("tree")
        directory.directory("tree/inner")
        try directory.file("tree/inner/run", "#!/bin/sh\n")
        unsafe chmod(directory("tree/inner/run").cPath, 0o700)
        try directory.file("tree/file", "contents\n")
        directory.link("tree/link", to: "file")
    }

    private func failure(_ body: () throws(StoreWriteError) -> Void) -> String {
        do throws(StoreWriteError) {
            try body()
            return "no failure"
        } catch {
            return error.description
        }
    }

    private func names(_ path: String) throws -> [String] {
        try io.readDirectory(directory(path)).map { String(decoding: $0.name, as: UTF8.self) }
    }

    private func inStore(_ addition: StoreAddition, _ rest: String = "") -> [UInt8] {
        directory("store/") + CanonPath.baseName(of: addition.path) + Array(rest.utf8)
    }

    // MARK: Directories

    @Test func writesTreesAsAStoreHasThem() throws {
        let store = try DirectoryStore(directory("store"))
        let tree = try Additions.tree("tree", directory("tree"))
        try store.add(tree)
        try store.finish()
        let written = try NarStream.hash(inStore(tree), .sha256, io: io, proceed: { _ in true })
        #expect(written == tree.address.hash)
        for (path, mode) in [("", 0o555), ("/inner", 0o555), ("/inner/run", 0o555), ("/file", 0o444)]
            as [(String, mode_t)]
        {
            let status = try DescriptorHandle.status(at: AT_FDCWD, inStore(tree, path))
            #expect(status.st_mode & 0o7777 == mode, "\(path)")
            #expect(status.st_mtim.tv_sec == 1, "\(path)")
        }
        #expect(try DescriptorHandle.status(at: AT_FDCWD, inStore(tree, "/link")).st_mtim.tv_sec == 1)
        #expect(try io.readLink(inStore(tree, "/link")) == Array("file".utf8))
    }

    @Test func writesOnlyWhatIsAccepted() throws {
        let store = try DirectoryStore(directory("store"))
        let tree = try Additions.tree("tree", directory("tree"), accepted: [directory("tree/file")])
        try store.add(tree)
        try store.finish()
        #expect(try io.readDirectory(inStore(tree)).map(\.name) == [Array("file".utf8)])
    }

    @Test func writesFilesWithoutTheirMode() throws {
        let store = try DirectoryStore(directory("store"))
        let file = try Additions.tree("run", directory("tree/inner/run"), .flat)
        try store.add(file)
        try store.finish()
        #expect(try DescriptorHandle.status(at: AT_FDCWD, inStore(file)).st_mode & 0o7777 == 0o444)
    }

    @Test func namesNothingThatIsNotComplete() throws {
        let store = try DirectoryStore(directory("store"))
        let text = try Additions.text("text", "text")
        try store.add(text)
        #expect(try io.fileType(inStore(text)) == nil)
        try store.flush()
        #expect(try io.fileType(inStore(text)) == .regular)
        try store.add(try Additions.text("other", "other"))
        store.abandon()
        #expect(try names("store").count == 1)
    }

    @Test func keepsNothingOfWhatChanges() throws {
        let store = try DirectoryStore(directory("store"))
        let tree = try Additions.tree("tree", directory("tree"))
        try directory.file("tree/file", "Contents\n")
        #expect(failure { () throws(StoreWriteError) in try store.add(tree) }.contains("changed during the evaluation"))
        try directory.file("tree/file", "more contents\n")
        #expect(failure { () throws(StoreWriteError) in try store.add(tree) }.contains("changed during the evaluation"))
        directory.fifo("tree/fifo")
        #expect(failure { () throws(StoreWriteError) in try store.add(tree) }.contains("unsupported type"))
        #expect(try names("store") == [])
    }

    /// What is built would be a part of what is read.
    @Test func refusesWhatTheStoreLiesIn() throws {
        let store = try DirectoryStore(directory("tree/store"))
        let tree = try Additions.tree("tree", directory("tree"))
        #expect(failure { () throws(StoreWriteError) in try store.add(tree) }.contains("which lies in it"))
        let part = try Additions.tree("tree", directory("tree"), accepted: [directory("tree/file")])
        try store.add(part)
        try store.finish()
        #expect(try names("tree/store").count == 1)
    }

    @Test func stopsWhenItIsTold() throws {
        let store = try DirectoryStore(directory("store"))
        let tree = try Additions.tree("tree", directory("tree"))
        #expect(throws: StoreWriteError.stopped) { try store.add(tree) { true } }
        #expect(try names("store") == [])
    }

    @Test func saysWhatCannotBeOpened() {
        #expect(
            failure { () throws(StoreWriteError) in _ = try DirectoryStore(directory("tree/file/store")) }
                .contains("cannot open the store '/tmp/"))
    }

    /// Whoever comes second drops what it built.
    @Test func agreesWithOtherWriters() throws {
        let tree = try Additions.tree("tree", directory("tree"))
        let text = try Additions.text("text", "text")
        let writers = try (0..<4).map { _ in try DirectoryStore(directory("store")) }
        for writer in writers {
            try writer.add(tree)
            try writer.add(text)
        }
        for writer in writers { try writer.finish() }
        #expect(Set(try names("store")).count == 2)
        let written = try NarStream.hash(inStore(tree), .sha256, io: io, proceed: { _ in true })
        #expect(written == tree.address.hash)
    }

    @Test func agreesWithOtherThreads() throws {
        let path = directory("store")
        let additions = try (0..<200).map { try Additions.text("text-\($0)", "\($0)") }
        let failures = Mutex<[String]>([])
        let threads = try (0..<4).map { index in
            let thread = SystemThread(name: nil, stackBytes: 1 << 20)
            try thread.start {
                do throws(StoreWriteError) {
                    let store = try DirectoryStore(path)
                    for addition in additions { try store.add(addition) }
                    try store.finish()
                } catch {
                    let message = error.description
                    failures.withLock { $0.append(message) }
                }
            }
            return thread
        }
        for thread in threads { thread.join() }
        #expect(failures.withLock { $0 } == [])
        #expect(try names("store").count == 200)
    }

    // MARK: Roots

    @Test func makesRoots() throws {
        let store = try DirectoryStore(directory("store"))
        let text = try Additions.text("text", "text")
        let other = try Additions.text("other", "other")
        for target in [text, other] {
            try store.addRoot(directory("roots/deep/one"), to: target.path, isStopped: { false })
            #expect(try io.readLink(directory("roots/deep/one")) == target.path)
        }
        directory.link("elsewhere", to: "tree")
        for name in ["elsewhere", "tree", "tree/file"] {
            #expect(
                failure { () throws(StoreWriteError) in
                    try store.addRoot(directory(name), to: text.path, isStopped: { false })
                }.hasSuffix("'; already exists"))
        }
        #expect(
            failure { () throws(StoreWriteError) in
                try store.addRoot(Array("/nix/store/root".utf8), to: text.path, isStopped: { false })
            }.contains("in the Nix store is forbidden"))
    }

    // MARK: Streams

    /// The bytes of an export, by hand.
    @Test func writesWhatNixImports() throws {
        let text = try Additions.text("text", "abc")
        let user = try Additions.text("user", "", references: [text.path])
        let writer = try ExportWriter(file: directory("stream"))
        try writer.add(text)
        try writer.add(user)
        #expect(try io.fileType(directory("stream")) == nil)
        try writer.finish()
        func short(_ text: String) -> [UInt8] {
            let bytes = Array(text.utf8)
            return [UInt8(bytes.count), 0, 0, 0, 0, 0, 0, 0] + bytes
                + [UInt8](repeating: 0, count: (8 - bytes.count % 8) % 8)
        }
        func archive(_ text: String) -> [UInt8] {
            ["nix-archive-1", "(", "type", "regular", "contents", text, ")"].flatMap(short)
        }
        func word(_ value: UInt8) -> [UInt8] { [value, 0, 0, 0, 0, 0, 0, 0] }
        let mark: [UInt8] = Array("NIXE".utf8) + [0, 0, 0, 0]
        let path = String(decoding: text.path, as: UTF8.self)
        let other = String(decoding: user.path, as: UTF8.self)
        let first = word(1) + archive("abc") + mark + short(path) + word(0) + short("") + word(0)
        let second = word(1) + archive("") + mark + short(other) + word(1) + short(path) + short("") + word(0)
        #expect(try io.readFile(directory("stream")) == first + second + word(0))
    }

    @Test func leavesTheOldFileUntilTheStreamIsComplete() throws {
        try directory.file("stream", "old")
        directory.link("name", to: "stream")
        let abandoned = try ExportWriter(file: directory("name"))
        try abandoned.add(try Additions.text("text", "abc"))
        abandoned.abandon()
        #expect(try io.readFile(directory("stream")) == Array("old".utf8))
        #expect(try names("") == ["name", "stream", "tree"])
        let writer = try ExportWriter(file: directory("name"))
        try writer.finish()
        #expect(try io.readFile(directory("stream")) == [0, 0, 0, 0, 0, 0, 0, 0])
        #expect(try io.fileType(directory("name")) == .symlink)
    }

    @Test func exportsTheFolderOfTheExport() throws {
        let writer = try ExportWriter(file: directory("tree/stream"))
        let tree = try Additions.tree("tree", directory("tree"))
        try writer.add(tree)
        try writer.finish()
        #expect(try io.fileType(directory("tree/stream")) == .regular)
        #expect(try names("tree") == ["file", "inner", "link", "stream"])
    }

    @Test func saysWhyAStreamCannotBeWritten() throws {
        #expect(
            failure { () throws(StoreWriteError) in _ = try ExportWriter(file: directory("none/stream")) }
                .hasSuffix("No such file or directory; nothing of it is kept"))
        let full = try ExportWriter(file: Array("/dev/full".utf8))
        #expect(failure { () throws(StoreWriteError) in try full.finish() }.contains("No space left on device"))
        let writer = try ExportWriter(file: directory("stream"))
        let tree = try Additions.tree("tree", directory("tree"))
        try directory.file("tree/file", "Contents\n")
        #expect(
            failure { () throws(StoreWriteError) in try writer.add(tree) }.contains("changed during the evaluation"))
        writer.abandon()
        #expect(try io.fileType(directory("stream")) == nil)
    }
}
