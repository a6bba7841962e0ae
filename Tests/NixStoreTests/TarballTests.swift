import TestSupport
import Testing

@testable import NixStore

@Suite struct TarballTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func unpack(_ archive: TarArchive, _ proceed: @escaping (Int) -> Bool = { _ in true }) throws -> Tarball {
        let path = directory("archive")
        try directory.file("archive", archive.bytes)
        return try Tarball.unpack(path, io: LocalIO(), proceed: proceed)
    }

    /// The message for an archive that is refused.
    private func refusal(_ archive: TarArchive) throws -> String {
        do {
            _ = try unpack(archive)
            return "unpacked"
        } catch UnpackError.malformed(let text) {
            return String(decoding: text, as: UTF8.self)
        }
    }

    private func contents(_ tarball: Tarball, _ path: String) throws -> String {
        let path = try #require(tarball.object.path(CanonPath.components(Array(path.utf8))))
        return String(decoding: try tarball.object.io.readFile(path), as: UTF8.self)
    }

    @Test func leavesOutTheOnlyDirectory() throws {
        var archive = TarArchive()
        archive.entry("top/", kind: "5", mode: 0o755)
        archive.entry("top/a", contents: "one")
        archive.entry("./top/sub/b", contents: "two")
        archive.end()
        let tarball = try unpack(archive)
        #expect(try contents(tarball, "a") == "one")
        #expect(try contents(tarball, "sub/b") == "two")
        #expect(tarball.lastModified == 1_600_000_000)
    }

    @Test func keepsSeveralEntriesAtTheTop() throws {
        var archive = TarArchive()
        archive.entry("a", contents: "one")
        archive.entry("d/b", contents: "two")
        let tarball = try unpack(archive)
        #expect(try contents(tarball, "a") == "one")
        #expect(try contents(tarball, "d/b") == "two")
    }

    @Test func readsLongNames() throws {
        let long = String(repeating: "x", count: 150)
        var archive = TarArchive()
        archive.entry("././@LongLink", kind: "L", contents: "d/\(long)\u{0}")
        archive.entry("short", contents: "gnu")
        archive.pax([("path", "d/é\(long)"), ("mtime", "1700000000.25")])
        archive.entry("short", contents: "pax")
        archive.end()
        let tarball = try unpack(archive)
        #expect(try contents(tarball, long) == "gnu")
        #expect(try contents(tarball, "é\(long)") == "pax")
        #expect(tarball.lastModified == 1_700_000_000)
    }

    @Test func readsLinks() throws {
        var archive = TarArchive()
        archive.entry("d/a", contents: "same", mode: 0o755)
        archive.entry("d/hard", kind: "1", link: "d/a")
        archive.entry("d/soft", kind: "2", link: "../../../etc/passwd")
        archive.end()
        let object = try unpack(archive).object
        let hard = try #require(object.path([Array("hard".utf8)]))
        #expect(try object.io.readFile(hard) == Array("same".utf8))
        let soft = try #require(object.path([Array("soft".utf8)]))
        #expect(try object.io.readLink(soft) == Array("../../../etc/passwd".utf8))
    }

    @Test func takesTheLaterOfTwoFiles() throws {
        var archive = TarArchive()
        archive.entry("d/a", contents: "old")
        archive.entry("d/a", contents: "new")
        archive.end()
        #expect(try contents(try unpack(archive), "a") == "new")
    }

    @Test(arguments: ["../out", "d/../../out", "d/.."])
    func refusesNamesThatLeadOut(name: String) throws {
        var archive = TarArchive()
        archive.entry(name, contents: "x")
        archive.end()
        #expect(try refusal(archive) == "has an entry '\(name)' whose name leads out of it")
    }

    @Test func takesAbsoluteNamesAsRelative() throws {
        var archive = TarArchive()
        archive.entry("/d/a", contents: "x")
        archive.end()
        #expect(try contents(try unpack(archive), "a") == "x")
    }

    /// A careless program would write an entry below a symbolic link through the link.
    @Test func refusesEntriesBelowLinks() throws {
        var archive = TarArchive()
        archive.entry("d/link", kind: "2", link: "/tmp")
        archive.entry("d/link/file", contents: "x")
        archive.end()
        #expect(try refusal(archive).hasPrefix("has an entry 'd/link/file' below"))
    }

    /// Links and directories have no data, and unknown types are files.
    @Test func readsOddKinds() throws {
        var archive = TarArchive()
        archive.entry("label", kind: "V")
        archive.entry("d/link", kind: "2", link: "a", size: 512)
        archive.entry("d/sub", kind: "5", size: 512)
        archive.entry("d/unknown", kind: "Q", contents: "x")
        archive.entry("d/slash/", kind: "0")
        archive.end()
        let tarball = try unpack(archive)
        #expect(try contents(tarball, "unknown") == "x")
        let io = tarball.object.io
        let names = try io.readDirectory(try #require(tarball.object.path([]))).map { entry in
            "\(String(decoding: entry.name, as: UTF8.self)) \(entry.type)"
        }
        #expect(names == ["link symlink", "slash directory", "sub directory", "unknown regular"])
    }

    @Test(arguments: ["3", "4", "6"] as [Character])
    func refusesWhatIsNoFile(kind: Character) throws {
        var archive = TarArchive()
        archive.entry("d/special", kind: kind)
        archive.end()
        #expect(try refusal(archive).contains("neither a file, a link nor a directory"))
    }

    @Test func refusesSparseFiles() throws {
        var archive = TarArchive()
        archive.pax([("GNU.sparse.major", "1"), ("GNU.sparse.realsize", "1000000000000")])
        archive.entry("d/sparse", contents: "1\n")
        archive.end()
        #expect(try refusal(archive).hasPrefix("has a sparse file"))
        var old = TarArchive()
        old.entry("d/sparse", kind: "S")
        #expect(try refusal(old).hasPrefix("has a sparse file"))
    }

    @Test func refusesWhatIsCutOff() throws {
        var archive = TarArchive()
        archive.entry("d/a", contents: "x", size: 5000)
        #expect(try refusal(archive) == "is cut off")
    }

    @Test func refusesHugeHeaders() throws {
        var archive = TarArchive()
        archive.entry("pax", kind: "x", contents: "x", size: 1 << 30)
        #expect(try refusal(archive) == "has an extended header that is too large")
        var bad = TarArchive()
        bad.entry("pax", kind: "x", contents: "99 path=x\n")
        #expect(try refusal(bad) == "has a damaged extended header")
    }

    @Test func refusesOtherFiles() throws {
        try directory.file("archive", [UInt8](repeating: 0x55, count: 2048))
        #expect(throws: UnpackError.self) {
            try Tarball.unpack(directory("archive"), io: LocalIO()) { _ in true }
        }
    }

    /// The size in a header is reported before any of the data is kept.
    @Test func stopsBeforeItKeepsTooMuch() throws {
        var archive = TarArchive()
        archive.entry("d/a", contents: "x", size: 1 << 35)
        var most = 0
        let error = #expect(throws: UnpackError.self) {
            try unpack(archive) { bytes in
                most = max(most, bytes)
                return bytes < 1 << 20
            }
        }
        guard case .stopped = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(most > 1 << 34)
    }

    /// With any bytes changed, an archive is unpacked or refused.
    @Test func survivesDamage() throws {
        var archive = TarArchive()
        archive.pax([("path", "d/long")])
        archive.entry("d/a", contents: "one")
        archive.entry("d/b", kind: "2", link: "a")
        archive.end()
        for offset in stride(from: 0, to: archive.bytes.count, by: 7) {
            var bytes = archive.bytes
            bytes[offset] ^= 0x35
            try directory.file("archive", bytes)
            _ = try? Tarball.unpack(directory("archive"), io: LocalIO()) { $0 < 1 << 20 }
        }
    }
}
