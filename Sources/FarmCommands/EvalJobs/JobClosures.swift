import FirnClient
import FirnCommands
import FirnProtocol
import NixStore

/// Writes the derivations of a run to a store before their lines are printed, and links to them.
struct JobClosures: Sendable {
    private let receiver: ClosureReceiver
    /// Where links to derivations are made; nil for none.
    private let rootDirectory: String?

    /// - Parameter rootDirectory: a directory for links, which exists.
    init(_ receiver: ClosureReceiver, rootDirectory: String?) {
        self.receiver = receiver
        self.rootDirectory = rootDirectory
    }

    /// Writes what a job made.
    func receive(_ status: WireJobStatus) async throws { try await receiver.receive(status) }

    /// Links to the derivations of lines.
    func link(_ lines: [WalkLine]) async throws {
        guard rootDirectory != nil else { return }
        for line in lines where line.details.kind == .derivation { try await link(try line.members()) }
    }

    /// Writes an aggregate that was made to depend on others, and links to it.
    func write(_ aggregate: AggregateRewriting.Rewritten) async throws {
        if let derivation = aggregate.derivation { try await receiver.write(derivation) }
        try await link(aggregate.line)
    }

    private func link(_ line: JSONValue) async throws {
        guard let rootDirectory, let path = line["drvPath"]?.string.map({ Array($0.utf8) }),
            StorePath.isStorePath(path)
        else { return }
        let directory = CanonPath.absolute(Array(rootDirectory.utf8), relativeTo: currentDirectory())
        try await receiver.addRoot(directory + [UInt8(ascii: "/")] + CanonPath.baseName(of: path), to: path)
    }

    /// Ends the writing. An export gets its name.
    func finish() async throws { try await receiver.finish() }

    /// Ends the writing after a failure.
    func abandon() async { await receiver.abandon() }
}
