import Crypto
import Glibc
import Testing

@testable import NixStore

/// A binary cache in a directory. `scripts/store-tests` has real Nix build from one.
@Suite struct BinaryCacheTests {
    private let directory: TemporaryDirectory
    private let io = LocalIO()
    /// A key made by `nix-store --generate-binary-cache-key`, for these tests only.
    private let seed = [UInt8](0..<32)

    init() throws {
        directory = try TemporaryDirectory()
        directory.directory("tree")
        try directory.file("tree/file", [UInt8](repeating: 65, count: 200_000))
    }

    private func key() throws -> (SigningKey, Curve25519.Signing.PublicKey) {
        let secret = try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        let bytes = seed + Array(secret.publicKey.rawRepresentation)
        return (try SigningKey(parsing: Array("cache-1:".utf8) + Base64.encode(bytes) + [10]), secret.publicKey)
    }

    private func info(_ addition: StoreAddition) throws -> [String: String] {
        let path = directory("cache/") + StorePath.hashPart(addition.path) + Array(".narinfo".utf8)
        let text = String(decoding: try io.readFile(path), as: UTF8.self)
        return Dictionary(
            uniqueKeysWithValues: text.split(separator: "\n").map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (String(parts[0]), parts[1].drop { $0 == " " }.description)
            })
    }

    @Test(arguments: [false, true]) func saysWhatItHas(isCompressed: Bool) throws {
        let (key, publicKey) = try key()
        let cache = try BinaryCache(directory("cache"), key: key, isCompressed: isCompressed)
        let tree = try Additions.tree("tree", directory("tree"))
        let text = try Additions.text("text", "of it", references: [tree.path])
        try cache.add(tree)
        try cache.add(text)
        #expect(try cache.present([tree.path], isStopped: { false }).isEmpty, "it is there when it is on disk")
        try cache.finish()
        #expect(try cache.present([tree.path, text.path], isStopped: { false }).count == 2)
        let said = try info(text)
        #expect(said["StorePath"] == String(decoding: text.path, as: UTF8.self))
        #expect(said["References"] == String(decoding: CanonPath.baseName(of: tree.path), as: UTF8.self))
        #expect(said["CA"] == String(decoding: text.address.text, as: UTF8.self))
        #expect(said["Compression"] == (isCompressed ? "xz" : "none"))
        let fingerprint =
            "1;\(said["StorePath"] ?? "");\(said["NarHash"] ?? "");\(said["NarSize"] ?? "");"
            + String(decoding: tree.path, as: UTF8.self)
        let signature = try #require(said["Sig"]).split(separator: ":")
        #expect(signature.first == "cache-1")
        let bytes = try Base64.decode(Array((signature.last ?? "").utf8))
        #expect(publicKey.isValidSignature(bytes, for: Array(fingerprint.utf8)))
        try checkArchive(tree, isCompressed: isCompressed)
    }

    /// The archive of an object is in the file that its narinfo names, with the hashes and sizes that it says.
    private func checkArchive(_ addition: StoreAddition, isCompressed: Bool) throws {
        let said = try info(addition)
        let file = try io.readFile(directory("cache/") + Array((said["URL"] ?? "").utf8))
        #expect(said["FileSize"] == "\(file.count)")
        #expect(
            said["FileHash"]
                == String(decoding: Hash(of: file, .sha256).text(.nix32, withAlgorithm: true), as: UTF8.self))
        var nar: [UInt8] = []
        let decompressor = Decompressor()
        try unsafe file.withUnsafeBytes { try unsafe decompressor.feed($0) { unsafe nar.append(contentsOf: $0) } }
        try unsafe decompressor.finish { unsafe nar.append(contentsOf: $0) }
        #expect(said["NarSize"] == "\(nar.count)")
        #expect(Hash(of: nar, .sha256) == addition.address.hash)
        #expect(!isCompressed || file.count < nar.count / 10)
    }

    @Test func isOpenedAgainAndKeepsWhatItHas() throws {
        let tree = try Additions.tree("tree", directory("tree"))
        for _ in 0..<2 {
            let cache = try BinaryCache(directory("cache"), key: nil, isCompressed: false)
            try cache.add(tree)
            try cache.finish()
        }
        #expect(try info(tree)["Sig"] == nil)
        let files = try io.readDirectory(directory("cache")).map { String(decoding: $0.name, as: UTF8.self) }
        #expect(files.count == 3 && files.contains("nix-cache-info") && files.contains("nar"))
        #expect(try io.readDirectory(directory("cache/nar")).count == 1)
        let text = String(decoding: try io.readFile(directory("cache/nix-cache-info")), as: UTF8.self)
        #expect(text.hasPrefix("StoreDir: /nix/store\n"))
    }

    @Test func aCacheOfAnotherStoreIsRefused() throws {
        directory.directory("cache")
        try directory.file("cache/nix-cache-info", "StoreDir: /other\n")
        #expect(throws: StoreWriteError.self) {
            try BinaryCache(directory("cache"), key: nil, isCompressed: false)
        }
    }

    @Test func whatChangesMeanwhileLeavesNothing() throws {
        let tree = try Additions.tree("tree", directory("tree"))
        try directory.file("tree/file", "changed")
        let cache = try BinaryCache(directory("cache"), key: nil, isCompressed: false)
        #expect(throws: StoreWriteError.self) { try cache.add(tree) }
        try cache.finish()
        #expect(try io.readDirectory(directory("cache/nar")).isEmpty)
        #expect(try cache.present([tree.path], isStopped: { false }).isEmpty)
    }

    @Test(arguments: ["", "name", "name:", ":AAAA", "name:AAAA", "name:!!!!"])
    func aTextThatIsNoKeyIsRefused(_ text: String) {
        #expect(throws: StoreWriteError.self) { try SigningKey(parsing: Array(text.utf8)) }
    }

    @Test func halvesOfAKeyMustFit() {
        let text = Array("name:".utf8) + Base64.encode(seed + seed)
        #expect(throws: StoreWriteError.self) { try SigningKey(parsing: text) }
    }
}
