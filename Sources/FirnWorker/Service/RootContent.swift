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

/// Computes the content ids of roots as protocol/firn-1.md defines them: the SHA-256 hash of the root's archive in
/// Nix's format.
enum RootContent {
    /// The announcements of the roots, for which every file in them is read. A root with an unreadable file is
    /// announced without an id: it still serves jobs that ask for no id.
    ///
    /// - Parameter unreadable: called with the reason for each such root.
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
