import NixStore
import Testing

@Suite struct CanonPathTests {
    @Test(arguments: [
        ("/", "/"), ("", "/"), ("//", "/"), ("/a//b/", "/a/b"), ("/a/./b/.", "/a/b"), ("/a/../b", "/b"),
        ("/../..", "/"), ("/a/b/../../..", "/"), ("a", "/a"), ("/...", "/..."), ("/..a/.b", "/..a/.b"),
    ])
    func canonicalizes(path: String, expected: String) {
        #expect(text(CanonPath.canonicalize(Array(path.utf8))) == expected)
        let isCanonical = unsafe Array(path.utf8).withUnsafeBufferPointer { unsafe CanonPath.isCanonical($0) }
        #expect(isCanonical == (path == expected))
    }

    // Expected values: `nix-instantiate --eval -E 'baseNameOf "…"'` of Nix 2.8.0.
    @Test(arguments: [
        ("", ""), ("/", ""), ("a", "a"), ("/a", "a"), ("a/", "a"), ("/a/b", "b"), ("a/b/", "b"), ("a//", ""),
        ("//", ""), (".", "."),
    ])
    func namesTheLastPart(path: String, expected: String) {
        #expect(text(CanonPath.baseName(of: Array(path.utf8))) == expected)
    }

    @Test(arguments: [("", "."), ("a", "."), ("/", "/"), ("/a", "/"), ("a/b", "a"), ("/a/b/", "/a/b"), ("a//b", "a/")])
    func namesTheDirectory(path: String, expected: String) {
        #expect(text(CanonPath.dirName(of: Array(path.utf8))) == expected)
    }

    @Test func goesToTheParent() {
        #expect(text(CanonPath.parent(of: Array("/a/b".utf8))) == "/a")
        #expect(text(CanonPath.parent(of: Array("/a".utf8))) == "/")
        #expect(text(CanonPath.parent(of: Array("/".utf8))) == "/")
    }

    @Test func resolvesAgainstABase() {
        #expect(text(CanonPath.absolute(Array("../x".utf8), relativeTo: Array("/a/b".utf8))) == "/a/x")
        #expect(text(CanonPath.absolute(Array("/x/".utf8), relativeTo: Array("/a/b".utf8))) == "/x")
    }

    @Test func tellsWhatIsInside() {
        #expect(CanonPath.isInside(Array("/a/b".utf8), Array("/a".utf8)))
        #expect(CanonPath.isInside(Array("/a".utf8), Array("/a".utf8)))
        #expect(CanonPath.isInside(Array("/a".utf8), Array("/".utf8)))
        #expect(!CanonPath.isInside(Array("/ab".utf8), Array("/a".utf8)))
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
