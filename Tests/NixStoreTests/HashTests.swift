import NixStore
import Testing

@Suite struct HashTests {
    // The hashes of `abc`. Base 32 is as printed by `nix-hash --flat --base32` of Nix 2.8.0.
    @Test(arguments: [
        (HashAlgorithm.md5, "900150983cd24fb0d6963f7d28e17f72", "3jgzhjhz9zjvbb0kyj7jc500ch"),
        (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d", "kpcd173cq987hw957sx6m0868wv3x6d9"),
        (
            .sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s"
        ),
        (
            .sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "2gs8k559z4rlahfx0y688s49m2vvszylcikrfinm30ly9rak69236nkam5ydvly1ai7xac99vxfc4ii84hawjbk876blyk1jfhkbbyx"
        ),
    ])
    func hashesAndWrites(algorithm: HashAlgorithm, base16: String, nix32: String) throws {
        let hash = Hash(of: Array("abc".utf8), algorithm)
        #expect(text(hash.text(.base16)) == base16)
        #expect(text(hash.text(.nix32, withAlgorithm: true)) == "\(algorithm):\(nix32)")
        for format in HashFormat.allCases {
            #expect(try Hash(parsing: hash.text(format), algorithm) == hash)
            #expect(try Hash(parsing: hash.text(format, withAlgorithm: true)) == hash)
        }
    }

    @Test func writesSRI() {
        let hash = Hash(of: [], .sha256)
        #expect(text(hash.text(.sri)) == "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    }

    @Test(arguments: 0...40)
    func encodingsRoundTrip(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 73 + 41) }
        #expect(try Base16.decode(Base16.encode(bytes)) == bytes)
        #expect(try Base64.decode(Base64.encode(bytes)) == bytes)
        #expect(try Nix32.decode(Nix32.encode(bytes)).prefix(count).elementsEqual(bytes))
    }

    @Test(arguments: [
        ("abc", "hash 'abc' has wrong length for hash algorithm 'sha256'"),
        (
            "md5:900150983cd24fb0d6963f7d28e17f72",
            "hash 'md5:900150983cd24fb0d6963f7d28e17f72' should have type 'sha256'"
        ),
        ("sha3-abc", "unknown hash algorithm 'sha3', expect 'blake3', 'md5', 'sha1', 'sha256', or 'sha512'"),
        ("sha256-AAAA", "invalid SRI hash 'AAAA', length 3 != expected length 32"),
        ("sha256-A!", "invalid character in Base64 string: '!'"),
        (
            "sha256:" + String(repeating: "e", count: 52),
            "invalid character in Nix32 (Nix's Base32 variation) string: 'e'"
        ),
        ("sha256:" + String(repeating: "g", count: 64), "invalid character in Base16 string: 'g'"),
    ])
    func saysWhatIsWrong(hash: String, message: String) {
        do {
            _ = try Hash(parsing: Array(hash.utf8), .sha256)
            Issue.record("\(hash) was read")
        } catch {
            #expect(error.description == message)
        }
    }

    @Test func needsAnAlgorithm() {
        #expect(throws: HashError.missingAlgorithm(Array("00".utf8))) { try Hash(parsing: Array("00".utf8)) }
        // The text has more bits than 32 bytes.
        let tooMuch = Array(("sha256:" + String(repeating: "z", count: 52)).utf8)
        #expect(throws: HashError.self) { try Hash(parsing: tooMuch) }
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func hashingAsksWhetherToStop() {
        let bytes = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var asked = 0
        let whole = Hash(of: bytes, .sha256) {
            asked += 1
            return false
        }
        #expect(whole == Hash(of: bytes, .sha256))
        #expect(asked >= 3)
        #expect(Hash(of: bytes, .sha256, isStopped: { true }) == nil)
        #expect(Hash(of: [], .sha256, isStopped: { true }) == Hash(of: [], .sha256))
    }
}
