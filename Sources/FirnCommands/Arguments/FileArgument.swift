import NixEval
import NixStore
import NixVM

/// A file that the command line names: by its path, by its name in the search path (`<nixpkgs>`), or by the URL of an
/// archive.
struct FileArgument {
    private let word: String

    init(_ word: String) { self.word = word }

    /// The absolute path.
    ///
    /// - Throws: why it is not found in the search path, or cannot be fetched.
    func path(_ evaluator: Evaluator) throws(EvalFailure) -> [UInt8] {
        if word.count > 2, word.hasPrefix("<"), word.hasSuffix(">") {
            return try Self.find(String(word.dropFirst().dropLast()), evaluator)
        }
        if isArchive {
            let url = evaluator.machine.makeString(Array(word.utf8))
            return try Self.bytes(try evaluator.call(builtin: "fetchTarball", [url]), evaluator)
        }
        return CanonPath.absolute(Array(word.utf8), relativeTo: currentDirectory())
    }

    /// The path of a name in the search path.
    static func find(_ name: String, _ evaluator: Evaluator) throws(EvalFailure) -> [UInt8] {
        try bytes(evaluator.find(Array(name.utf8)), evaluator)
    }

    private static func bytes(_ value: ValueHandle, _ evaluator: Evaluator) throws(EvalFailure) -> [UInt8] {
        guard let bytes = evaluator.machine.bytes(value) else {
            throw EvalFailure(
                kind: .type, message: Array("expected a path but found \(evaluator.machine.typeName(value))".utf8))
        }
        return bytes
    }

    /// Whether the word begins as the URL of an archive, or as the name of a channel.
    private var isArchive: Bool {
        let schemes = ["http", "https", "file", "channel", "git", "s3", "ssh"]
        return word.hasPrefix("channel:") || schemes.contains { word.hasPrefix("\($0)://") }
    }
}
