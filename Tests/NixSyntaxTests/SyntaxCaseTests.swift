import Foundation
import Testing

@testable import NixSyntax

/// The cases of the folder Cases: an input with its tokens, and its tree or its error.
///
/// With `FIRN_ACCEPT=1` in the environment, the expected files are rewritten from the actual results. A case whose first
/// line is `# pipe-operators` is parsed with that feature.
@Suite struct SyntaxCaseTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Cases")
    static let isAccepting = ProcessInfo.processInfo.environment["FIRN_ACCEPT"] == "1"
    static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()

    @Test func thereAreCases() {
        #expect(Self.names.count >= 40)
    }

    @Test(arguments: names) func matches(_ name: String) throws {
        let folder = Self.folder.appending(path: name)
        let source = Array(try Data(contentsOf: folder.appending(path: "input.nix")))
        let options = ParseOptions(pipeOperators: source.starts(with: Array("# pipe-operators\n".utf8)))
        var actual = ["tokens.txt": TokenListing.text(source, options)]
        do throws(SyntaxError) {
            actual["tree.txt"] = TreeListing(try parse(source, options: options)).text()
        } catch {
            actual["error.txt"] = error.rendered(sourceName: "input.nix")
        }
        for file in ["tokens.txt", "tree.txt", "error.txt"] {
            let url = folder.appending(path: file)
            if Self.isAccepting {
                if let text = actual[file] {
                    try Data(text.utf8).write(to: url)
                } else {
                    try? FileManager.default.removeItem(at: url)
                }
            }
            let expected = try? String(decoding: Data(contentsOf: url), as: UTF8.self)
            #expect(actual[file] == expected, "\(name)/\(file)")
        }
    }
}
