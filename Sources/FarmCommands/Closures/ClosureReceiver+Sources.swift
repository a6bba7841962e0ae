import FirnClient
import FirnCommands
import FirnProtocol
import FoundationEssentials
import NixStore

/// Sources that lie in a root, which the client may have too.
extension ClosureReceiver {
    /// Adds sources from the client's own copies of roots. Those that differ there, or lie in a root that the client
    /// lacks, are asked for.
    func addLocal(_ sources: [Listed]) async throws {
        var asked: [Listed] = []
        for listed in sources {
            let path = Self.path(listed.wire.source)
            // The hash is computed before anything is written: a stream cannot take back what it has.
            if let addition = listed.expected.addition(roots, root: path, isStopped: { Task.isCancelled }) {
                try add(addition)
            } else {
                asked.append(listed)
            }
        }
        if !asked.isEmpty { try await ask(for: asked) }
    }

    private static func path(_ source: WireRootFile) -> [UInt8] {
        let root = RootedIO.Root(name: source.root, directory: []).path
        return CanonPath.canonicalize(root + Array("/\(source.path)".utf8))
    }

    /// Has the sources uploaded by a job that makes them, and receives that one's objects.
    private func ask(for sources: [Listed]) async throws {
        let names = Set(sources.map(\.wire.source.root)).sorted()
        let job = WireJobSpecification.with {
            $0.source.text = Data(Self.expression(sources))
            $0.source.name = "(sources)"
            $0.strict = true
            $0.roots = names.map { name in .with { $0.name = name } }
            $0.label = "sources that the client lacks"
            $0.closure = WireClosureRequest()
        }
        let (receipts, updates) = try await client.submitAndWatch([job])
        if case .refused(let error)? = receipts.first {
            throw CommandFailure("the farm refuses to send sources that differ here: \(error)")
        }
        for try await status in updates where status.state == .finished {
            guard status.result.outcome == .ok else {
                let message = TerminalText.line(String(decoding: status.result.failure.message, as: UTF8.self))
                throw CommandFailure("the farm cannot send sources that differ here: \(message)")
            }
            try await receive(status.job, status.result.closure, takesLocal: false)
        }
        for listed in sources where !written.contains(listed.expected.path) {
            throw CommandFailure(
                "the farm no longer has \(Self.text(listed.expected.path)): the root "
                    + "'\(TerminalText.line(listed.wire.source.root))' has changed or differs between its workers")
        }
    }

    /// A list of all the sources, each made as it was made before.
    private static func expression(_ sources: [Listed]) -> [UInt8] {
        var text = Array("[\n".utf8)
        for listed in sources {
            let isRecursive = listed.expected.method == .nar ? "true" : "false"
            text += Array("(builtins.path { recursive = \(isRecursive); name = ".utf8)
            text += quoted(StorePath.name(listed.expected.path))
            text += Array("; path = ".utf8) + quoted(path(listed.wire.source)) + Array("; })\n".utf8)
        }
        return text + [UInt8(ascii: "]")]
    }

    /// A text as a string literal of Nix.
    private static func quoted(_ text: [UInt8]) -> [UInt8] {
        let special: Set<UInt8> = [UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "$")]
        let quote = [UInt8(ascii: "\"")]
        return quote + text.flatMap { special.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] } + quote
    }
}
