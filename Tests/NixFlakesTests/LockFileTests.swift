import NixFormats
import NixStore
import NixVM
import Testing

@testable import NixFlakes

/// Reading and writing lock files, well formed and hostile ones.
@Suite struct LockFileTests {
    private func failure(_ text: String) -> String? {
        do throws(EvalFailure) {
            _ = try LockFile(Array(text.utf8), name: "flake.lock")
            return nil
        } catch { return error.text }
    }

    private static let node = """
        "locked": { "type": "path", "path": "/p", "narHash": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }, \
        "original": { "type": "path", "path": "/p" }
        """

    private func lock(_ nodes: String, version: Int = 7) -> String {
        #"{ "version": \#(version), "root": "root", "nodes": { \#(nodes) } }"#
    }

    private static let sample = """
        {
          "nodes": {
            "b": {
              "locked": {
                "lastModified": 12,
                "narHash": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
                "path": "/b",
                "type": "path"
              },
              "original": {
                "path": "/b",
                "type": "path"
              }
            },
            "b_2": {
              "flake": false,
              "locked": {
                "owner": "o",
                "repo": "r",
                "rev": "0123456789012345678901234567890123456789",
                "type": "github"
              },
              "original": {
                "owner": "o",
                "repo": "r",
                "type": "github"
              }
            },
            "c": {
              "inputs": {
                "b": "b_2",
                "up": [],
                "x": [
                  "b"
                ]
              },
              "locked": {
                "path": "./c",
                "type": "path"
              },
              "original": {
                "path": "./c",
                "type": "path"
              },
              "parent": []
            },
            "root": {
              "inputs": {
                "b": "b",
                "c": "c"
              }
            }
          },
          "root": "root",
          "version": 7
        }
        """

    @Test func writesWhatItRead() throws {
        let lock = try LockFile(Array(Self.sample.utf8), name: "l")
        #expect(String(decoding: lock.text(), as: UTF8.self) == Self.sample)
        let paths = lock.allInputs().map(\.path.text)
        #expect(paths == ["b", "c", "c/b", "c/up", "c/x"])
        #expect(try lock.node(at: InputPath.parse(Array("c/x".utf8))) == lock.node(at: [Array("b".utf8)]))
        #expect(lock.unlockedInput == nil)
    }

    @Test func namesWhatDiffers() throws {
        let old = try LockFile(Array(Self.sample.utf8), name: "l")
        let text = Self.sample.replacing("\"lastModified\": 12", with: "\"lastModified\": 86400")
        let new = try LockFile(Array(text.utf8), name: "l")
        let hash = "narHash=sha256-47DEQpj8HBSa%2B/TImW%2B5JCeuQeRkm5NMpJWZG3hSuFU%3D"
        #expect(
            new.difference(from: old) == """
                • Updated input 'b':
                    'path:/b?lastModified=12&\(hash)' (1970-01-01)
                  → 'path:/b?lastModified=86400&\(hash)' (1970-01-02)

                """)
        #expect(LockFile().difference(from: old).hasPrefix("• Removed input 'b'\n• Removed input 'c'\n"))
        #expect(old.difference(from: LockFile()).contains("• Added input 'c/x':\n    follows 'b'\n"))
        #expect(old.difference(from: old).isEmpty)
    }

    @Test(arguments: [
        ("", "Could not parse 'flake.lock'"), ("{", "Could not parse 'flake.lock'"),
        ("[]", "has unsupported version 0"), (#"{ "version": 8 }"#, "has unsupported version 8"),
        (#"{ "version": "7" }"#, "has unsupported version 0"), (#"{ "version": 7 }"#, "has no root node"),
        (#"{ "version": 7, "root": "r", "nodes": { } }"#, "has no root node"),
        (#"{ "version": 7, "root": "r", "nodes": { "r": 1 } }"#, "has a node that is not an object"),
        (#"{ "version": 7, "root": "r", "nodes": { "r": { "inputs": [ ] } } }"#, "has inputs that are not an object"),
        (
            #"{ "version": 7, "root": "r", "nodes": { "r": { "inputs": { "a": 1 } } } }"#,
            "has an input that is neither a name nor a path"
        ),
        (
            #"{ "version": 7, "root": "r", "nodes": { "r": { "inputs": { "a": [ 1 ] } } } }"#,
            "has a path whose parts are not names"
        ),
        (
            #"{ "version": 7, "root": "r", "nodes": { "r": { "inputs": { "a": "b" } } } }"#,
            "references missing node 'b'"
        ),
        (
            #"{ "version": 7, "root": "r", "nodes": { "r": { "inputs": { "a": "r" } } } }"#,
            "contains cycle to root node"
        ),
        (
            #"{ "version": 7, "root": "r", "nodes": { "r": { "inputs": { "a": "b" } }, "b": { } } }"#,
            "attribute 'locked' missing in lock file"
        ),
        (
            #"""
            { "version": 7, "root": "r", "nodes": { "r": { "inputs": { "a": "b" } }, "b": {
            "locked": { "type": "path", "path": "/p" }, "original": { "type": "path", "path": "/p" } } } }
            """#, "contains unlocked input 'path:/p'"
        ),
        (
            #"""
            { "version": 7, "root": "r", "nodes": { "r": { "inputs": { "a": "b" } }, "b": {
            "locked": { "type": "path", "path": -1 }, "original": { "type": "path", "path": "/p" } } } }
            """#, "input attribute 'path' is neither a string, a Boolean nor a number"
        ),
    ])
    func refusesWhatIsWrong(text: String, reason: String) {
        #expect(failure(text)?.contains(reason) == true, "\(failure(text) ?? "accepted")")
    }

    @Test func refusesCycles() {
        let nodes = """
            "root": { "inputs": { "a": "a" } }, "a": { "inputs": { "b": "b" }, \(Self.node) }, \
            "b": { "inputs": { "a": "a" }, \(Self.node) }
            """
        #expect(failure(lock(nodes))?.contains("has inputs that contain one another") == true)
    }

    @Test func boundsNodesDepthAndNesting() {
        let many = (0...LockFile.maximumNodes).map { #""n\#($0)": { \#(Self.node) }"# }
        let inputs = (0...LockFile.maximumNodes).map { #""n\#($0)": "n\#($0)""# }.joined(separator: ",")
        let wide = (many + [#""root": { "inputs": { \#(inputs) } }"#]).joined(separator: ",")
        #expect(failure(lock(wide))?.contains("has more than \(LockFile.maximumNodes) nodes") == true)
        let chain = (0...LockFile.maximumDepth).map {
            #""n\#($0)": { "inputs": { "x": "n\#($0 + 1)" }, \#(Self.node) }"#
        }
        let end = [
            #""n\#(LockFile.maximumDepth + 1)": { \#(Self.node) }"#, #""root": { "inputs": { "x": "n0" } }"#,
        ]
        #expect(failure(lock((chain + end).joined(separator: ",")))?.contains("more than 256 deep") == true)
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(failure(#"{ "version": 7, "x": \#(deep) }"#)?.contains("nests deeper") == true)
    }

    @Test func findsCyclesOfWhatIsFollowed() throws {
        let nodes = """
            "root": { "inputs": { "a": [ "b" ], "b": [ "a" ], "c": [ "nowhere" ] } }
            """
        let file = try LockFile(Array(lock(nodes).utf8), name: "l")
        do throws(EvalFailure) {
            try file.checkFollowed()
            Issue.record("a cycle was accepted")
        } catch { #expect(error.text == "follow cycle detected: [b -> a -> b]") }
        #expect(try file.node(at: [Array("c".utf8)]) == nil)
    }

    @Test func readsOldVersions() throws {
        let nodes = #"""
            "root": { "inputs": { "a": "a" } }, "a": { "info": { "narHash":
            "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }, "locked": { "type": "path", "path": "/p" },
            "original": { "type": "path", "path": "/p" } }
            """#
        let file = try LockFile(Array(lock(nodes, version: 5).utf8), name: "l")
        #expect(file.nodes[1].locked?.input.attributes["narHash"] != nil)
    }
}
