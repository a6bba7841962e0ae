import FirnProtocol
import NixStore

/// Why a root has no content id.
struct RootContentError: Error, CustomStringConvertible {
    let name: String
    let reason: ArchiveError

    var description: String {
        switch reason {
        case .io(let error): "root '\(name)' cannot be read: \(error)"
        case .unsupportedType(let path):
            "root '\(name)' cannot be read: '\(String(decoding: path, as: UTF8.self))' has no archive"
        case .stopped: "root '\(name)': its reading was ended"
        }
    }
}

/// Names what is in a root, as protocol/firn-1.md has it: the SHA-256 hash of its archive in Nix's format.
enum RootContent {
    /// Reads every file of the roots. A root with something that cannot be read is announced without an id: jobs that
    /// ask for one go elsewhere, the others read what there is.
    ///
    /// - Parameter unreadable: told of each such root.
    static func announce(
        _ names: [String], in roots: RootedIO, unreadable: (RootContentError) -> Void
    ) -> [WireRoot] {
        names.map { name in
            var root = WireRoot.with { $0.name = name }
            do throws(ArchiveError) {
                let hash = try NarStream.hash(
                    RootedIO.Root(name: name, directory: []).path, .sha256, io: roots,
                    accepts: { _, type in type != .unknown }, proceed: { _ in true })
                root.contentID = .init(hash.bytes)
            } catch {
                unreadable(RootContentError(name: name, reason: error))
            }
            return root
        }
    }
}
