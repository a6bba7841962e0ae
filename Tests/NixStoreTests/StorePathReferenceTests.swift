import Testing

@testable import NixStore

/// The store paths that a text contains.
@Suite struct StorePathReferenceTests {
    private static let hash = "abcdfghijklmnpqrsvwxyz0123456789"
    private static let path = Array("/nix/store/\(hash)-name".utf8)
    private static let other = Array("/nix/store/\(String(repeating: "0", count: 32))-other".utf8)

    private func found(_ text: String) -> [[UInt8]]? {
        StorePath.references(among: [Self.other, Self.path], in: Array(text.utf8)) { _ in true }
    }

    @Test func findsHashes() {
        #expect(found("") == [])
        #expect(found("nothing") == [])
        #expect(found(Self.hash) == [Self.path])
        #expect(found("x/\(Self.hash)-z /\(Self.hash)") == [Self.path])
        // Behind further characters of a hash, too.
        #expect(found("zz\(Self.hash)") == [Self.path])
        #expect(found(String(repeating: "0", count: 100) + Self.hash) == [Self.other, Self.path])
    }

    @Test func doesNotFindPartsOfHashes() {
        #expect(found(String(Self.hash.dropFirst())) == [])
        #expect(found(String(Self.hash.dropLast())) == [])
        #expect(found(Self.hash.prefix(16) + "-" + Self.hash.suffix(16)) == [])
        // The same end behind another beginning.
        #expect(found("1" + Self.hash.dropFirst()) == [])
    }

    @Test func canBeStopped() {
        #expect(StorePath.references(among: [Self.path], in: Array(Self.hash.utf8)) { $0 < 3 } == nil)
    }
}
