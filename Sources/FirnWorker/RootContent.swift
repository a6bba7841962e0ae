import FirnProtocol
import NixStore

/// A root that cannot be announced, and why.
public struct RootContentError: Error, CustomStringConvertible {
    let name: String
    let reason: ArchiveError

    public var description: String {
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
    /// Reads every file of the roots.
    static func announce(_ names: [String], in roots: RootedIO) throws(RootContentError) -> [WireRoot] {
        var announced: [WireRoot] = []
        for name in names {
            let path = RootedIO.Root(name: name, directory: []).path
            do throws(ArchiveError) {
                let hash = try NarStream.hash(
                    path, .sha256, io: roots, accepts: { _, type in type != .unknown }, proceed: { _ in true })
                announced.append(
                    .with {
                        $0.name = name
                        $0.contentID = .init(hash.bytes)
                    })
            } catch {
                throw RootContentError(name: name, reason: error)
            }
        }
        return announced
    }
}
