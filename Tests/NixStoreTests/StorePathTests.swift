import Testing

@testable import NixStore

/// Names and paths of store objects. The expected paths are those of C++ Nix.
@Suite struct StorePathTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(arguments: ["a", "hello-2.10", ".a", "..a", "a+b_c?d=e.f", String(repeating: "x", count: 211)])
    func takesNames(_ name: String) throws {
        try StorePath.check(name: bytes(name))
    }

    @Test(arguments: ["", ".", "..", ".-a", "..-a", "a b", "a/b", "é", String(repeating: "x", count: 212)])
    func refusesNames(_ name: String) {
        #expect(throws: StoreError.self) { try StorePath.check(name: bytes(name)) }
    }

    @Test func knowsStorePaths() {
        let path = "/nix/store/iylhv1jiapks1396jz2fv8wq85q68y6y-hello-2.10.drv"
        #expect(StorePath.isStorePath(bytes(path)))
        #expect(StorePath.isDerivation(bytes(path)))
        #expect(StorePath.top(of: bytes(path + "/bin/hello")) == bytes(path))
        #expect(!StorePath.isStorePath(bytes(path + "/bin")))
        // `e` is not a digit of Nix's base 32, and a hash has 32 digits.
        #expect(StorePath.top(of: bytes("/nix/store/eylhv1jiapks1396jz2fv8wq85q68y6y-hello")) == nil)
        #expect(StorePath.top(of: bytes("/nix/store/iylhv1jiapks-hello")) == nil)
        #expect(StorePath.top(of: bytes("/nix/stored")) == nil)
    }

    @Test func makesPathsOfTexts() throws {
        let hash = Hash(of: bytes("text"), .sha256).bytes
        let path = try StorePath.text(name: bytes("a"), sha256: hash, references: [])
        #expect(path == bytes("/nix/store/znvscj76jsnvyjqabi70np3mf4lm3gy4-a"))
    }

    @Test func makesPlaceholders() {
        let text = StorePath.placeholder(output: bytes("out"))
        #expect(text == bytes("/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9"))
    }

    @Test(arguments: 0..<8)
    func foldsHashesForPaths(seed: Int) {
        let hash = Hash(of: bytes("\(seed)"), .sha256).bytes
        var digits = TrivialBuffer<UInt8>()
        SHA256Sum(hash).appendStoreHash(to: &digits)
        #expect(digits.array == Nix32.encode(StorePath.compress(hash, to: 20)))
        #expect(SHA256Sum(hash).text == Base16.encode(hash))
    }

    @Test func ordersSumsAsTheirText() {
        let low = SHA256Sum([0x0F] + [UInt8](repeating: 0xFF, count: 31))
        let high = SHA256Sum([0x10] + [UInt8](repeating: 0, count: 31))
        #expect(low < high)
        #expect(low.bytes.count == 32 && low.bytes[0] == 0x0F && low.bytes[31] == 0xFF)
    }

    @Test func escapesInDerivations() {
        var writer = ATermWriter()
        writer.string(bytes("a\"b\\c\nd\re\tf"))
        #expect(writer.bytes == bytes(#""a\"b\\c\nd\re\tf""#))
    }
}
