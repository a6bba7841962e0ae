import Glibc
import Testing

@testable import NixStore

/// Store objects that somebody else sends.
@Suite struct ReceivingTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        directory.directory("tree")
        directory.directory("tree/inner")
        directory.directory("tree/none")
        try directory.file("tree/inner/run", "#!/bin/sh\n")
        unsafe chmod(directory("tree/inner/run").cPath, 0o700)
        try directory.file("tree/file", "contents\n")
        directory.link("tree/link", to: "file")
    }

    /// The bytes of an archive.
    private final class Bytes: NarSink {
        var bytes: [UInt8] = []

        func write(_ piece: UnsafeRawBufferPointer) -> Bool {
            unsafe bytes.append(contentsOf: piece)
            return true
        }
    }

    private func archive(_ addition: StoreAddition) throws -> [UInt8] {
        var sink = Bytes()
        try addition.object.writeArchive(to: &sink) { _ in true }
        return sink.bytes
    }

    private func expected(_ addition: StoreAddition) throws -> ExpectedObject {
        let hash = addition.address.hash
        return try ExpectedObject(
            name: CanonPath.baseName(of: addition.path), method: addition.address.method,
            algorithm: hash.algorithm.rawValue, hash: hash.bytes,
            references: addition.object.references.map { CanonPath.baseName(of: $0) })
    }

    private func receive(
        _ expected: ExpectedObject, _ bytes: [UInt8], maximumBytes: Int = .max, pieceBytes: Int = 7_000
    ) throws(StoreWriteError) -> StoreAddition {
        var receiver = ObjectReceiver(expected, directory: directory.path, maximumBytes: maximumBytes)
        var start = 0
        while start < bytes.count {
            let piece = Array(bytes[start..<min(bytes.count, start + pieceBytes)])
            var failure: StoreWriteError?
            unsafe piece.withUnsafeBytes { piece in
                do throws(StoreWriteError) { unsafe try receiver.append(piece) } catch { failure = error }
            }
            if let failure { throw failure }
            start += piece.count
        }
        return try receiver.finish()
    }

    private func refusal(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no refusal"
        } catch {
            return "\(error)"
        }
    }

    @Test func aTreeArrivesAsItWas() throws {
        let tree = try Additions.tree("tree", directory("tree"))
        let bytes = try archive(tree)
        let received = try receive(expected(tree), bytes, pieceBytes: 11)
        #expect(received.path == tree.path && received.address == tree.address)
        #expect(try archive(received) == bytes)
        #expect(received.object.source == nil, "it has no place of its own")
        let nar = try NarTree(bytes)
        #expect(try nar.readDirectory([UInt8(ascii: "/")]).map(\.type) == [.regular, .directory, .symlink, .directory])
        #expect(try nar.readFile(Array("/inner/run".utf8)) == Array("#!/bin/sh\n".utf8))
        #expect(try nar.readLink(Array("/link".utf8)) == Array("file".utf8))
        #expect(try nar.fileType(Array("/inner/none".utf8)) == nil)
        #expect(throws: EvalIOError.self) { try nar.readFile(Array("/file".utf8), limit: 3) }
        #expect(throws: EvalIOError.self) { try nar.readFile(Array("/inner".utf8)) }
        #expect(throws: EvalIOError.self) { try nar.readDirectory(Array("/file".utf8)) }
    }

    /// What an evaluation has copied of a built object refers to what that one did.
    @Test func aTreeWithReferencesKeepsThem() throws {
        let other = try Additions.text("other", "another")
        let tree = try Additions.tree("tree", directory("tree"), references: [other.path])
        #expect(tree.path != (try Additions.tree("tree", directory("tree"))).path)
        let received = try receive(expected(tree), try archive(tree))
        #expect(received.path == tree.path && received.object.references == [other.path])
    }

    @Test func aLargeFileIsNotKeptInMemory() throws {
        try directory.file("large", [UInt8](repeating: 7, count: 3 << 20))
        let file = try Additions.tree("large", directory("large"), .flat)
        let received = try receive(expected(file), try archive(file), pieceBytes: 100_000)
        #expect(try archive(received) == archive(file))
        let names = try LocalIO().readDirectory(directory.path).map { String(decoding: $0.name, as: UTF8.self) }
        #expect(names == ["large", "tree"], "the file with it has no name")
    }

    @Test func textsAndDerivationsAreVerified() throws {
        let note = try Additions.text("note", "a note")
        #expect(try receive(expected(note), Array("a note".utf8)).path == note.path)
        let text = try Additions.text(
            "text", "of \(String(decoding: note.path, as: UTF8.self))", references: [note.path])
        #expect(try receive(expected(text), text.object.text ?? []).object.references == [note.path])
        #expect(
            refusal { _ = try receive(expected(note), Array("another".utf8)) }.contains("does not follow from the text")
        )
        let lies = try ExpectedObject(
            name: CanonPath.baseName(of: text.path), method: .text, algorithm: "", hash: [], references: [])
        #expect(
            refusal { _ = try receive(lies, text.object.text ?? []) }.contains("does not follow"),
            "a reference is left out")
    }

    private func derivation(_ input: String) -> String {
        "Derive([(\"out\",\"/nix/store/00000000000000000000000000000000-d\",\"\",\"\")],[],[\"\(input)\"],\"s\",\"/bin/sh\",[],[])"
    }

    @Test func theReferencesOfADerivationAreThoseInItsText() throws {
        let note = try Additions.text("note", "a note")
        let text = derivation(String(decoding: note.path, as: UTF8.self))
        let made = try Additions.text("d.drv", text, references: [note.path])
        let received = try receive(expected(made), Array(text.utf8))
        #expect(received.object.references == [note.path])
        let wrong = try Additions.text("d.drv", "no derivation")
        #expect(refusal { _ = try receive(expected(wrong), Array("no derivation".utf8)) }.contains("is no derivation"))
        let outside = try Additions.text("d.drv", derivation("/etc/passwd"), references: [Array("/etc/passwd".utf8)])
        let named = try ExpectedObject(
            name: CanonPath.baseName(of: outside.path), method: .text, algorithm: "", hash: [], references: [])
        #expect(refusal { _ = try receive(named, Array(derivation("/etc/passwd").utf8)) }.contains("no store path"))
    }

    @Test func whatIsOfferedMustHoldTogether() throws {
        let tree = try Additions.tree("tree", directory("tree"))
        let name = CanonPath.baseName(of: tree.path)
        let hash = tree.address.hash.bytes
        func object(
            _ name: [UInt8], _ hash: [UInt8], _ method: ContentAddressMethod = .nar, _ algorithm: String = "sha256",
            _ references: [[UInt8]] = []
        ) -> String {
            refusal {
                _ = try ExpectedObject(
                    name: name, method: method, algorithm: algorithm, hash: hash, references: references)
            }
        }
        #expect(object(name, hash) == "no refusal")
        #expect(object(Array("x".utf8), hash).contains("names no store object"))
        #expect(object(Array("../../etc/passwd".utf8), hash).contains("names no store object"))
        #expect(object(name + Array("/inner".utf8), hash).contains("names no store object"))
        #expect(object(name, [UInt8](repeating: 0, count: 32)).contains("does not follow from the hash"))
        #expect(object(name, hash, .flat).contains("does not follow from the hash"))
        #expect(object(name, [1]).contains("malformed"))
        #expect(object(name, hash, .nar, "sha3").contains("malformed"))
        #expect(object(name, hash, .nar, "sha256", [name]).contains("does not follow from the hash"))
        #expect(object(name, hash, .flat, "sha256", [name]).contains("references"))
        #expect(object(name, [], .text, "", [Array("x".utf8)]).contains("no store path"))
    }

    @Test func anotherArchiveIsRefused() throws {
        let tree = try Additions.tree("tree", directory("tree"))
        var bytes = try archive(tree)
        let place = try #require(bytes.firstIndex(of: UInt8(ascii: "\n")))
        bytes[place] = UInt8(ascii: "!")
        #expect(refusal { _ = try receive(expected(tree), bytes) }.contains("another hash"))
        #expect(refusal { _ = try receive(expected(tree), Array(bytes.dropLast(8))) }.contains("another hash"))
        let file = try Additions.tree("file", directory("tree/file"), .flat)
        #expect(refusal { _ = try receive(expected(file), try archive(tree)) }.contains("another hash"))
        #expect(
            refusal { _ = try receive(expected(tree), try archive(tree), maximumBytes: 100) }.contains(
                "more than 100 bytes"))
    }

    /// Parts of an archive, numbers and texts.
    private func nar(_ parts: [String]) -> [UInt8] {
        var writer = WireWriter()
        for part in ["nix-archive-1"] + parts { writer.text(Array(part.utf8)) }
        return writer.bytes
    }

    private static func entry(_ name: String, _ node: [String] = link) -> [String] {
        ["entry", "(", "name", name, "node"] + node + [")"]
    }
    private static let link = ["(", "type", "symlink", "target", "x", ")"]
    private static func directory(_ entries: [String]) -> [String] { ["(", "type", "directory"] + entries + [")"] }

    static let malformed: [(String, [String])] = [
        ("is cut off", []),
        ("is cut off", ["("]),
        ("is cut off", ["(", "type", "directory"]),
        ("unknown type", ["(", "type", "device", ")"]),
        ("without contents", ["(", "type", "regular", ")"]),
        ("lacks", ["(", "type", "symlink", ")"]),
        ("link to nowhere", ["(", "type", "symlink", "target", "", ")"]),
        ("bytes after its end", link + ["more"]),
        ("not in the order", directory(entry("b") + entry("a"))),
        ("not in the order", directory(entry("a") + entry("a"))),
        ("a name that no file can have", directory(entry(".."))),
        ("a name that no file can have", directory(entry("."))),
        ("a name that no file can have", directory(entry(""))),
        ("a name that no file can have", directory(entry("a/b"))),
        ("something else than an entry", directory(["attribute"])),
        ("a length of", directory(entry(String(repeating: "n", count: 256)))),
    ]

    @Test(arguments: malformed) func onlyAnArchiveIsRead(_ words: String, _ parts: [String]) {
        #expect(refusal { _ = try NarTree(nar(parts)) }.contains(words))
    }

    @Test func numbersInAnArchiveAreBounded() {
        var bytes = nar(["(", "type", "regular", "contents"])
        bytes += [UInt8](repeating: 0xFF, count: 8)
        #expect(refusal { _ = try NarTree(bytes) }.contains("a length of"))
        var padded = nar(Self.link)
        padded[8 + 13] = 1
        #expect(refusal { _ = try NarTree(padded) }.contains("padding that is not zero"))
    }

    /// Nothing recurses on the depth of a tree.
    @Test func aDeepArchiveIsRead() throws {
        let depth = 20_000
        let open = (0..<depth).flatMap { _ in ["(", "type", "directory", "entry", "(", "name", "a", "node"] }
        let close = (0..<depth).flatMap { _ in [")", ")"] }
        let tree = try NarTree(nar(open + Self.link + close))
        #expect(try tree.readLink(Array(repeating: Array("/a".utf8), count: depth).flatMap { $0 }) == Array("x".utf8))
    }
}
