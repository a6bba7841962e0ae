import FirnCommands
import FirnProtocol
import FoundationEssentials
import NixStore

/// Reads a directory as a bundle: every regular file below it, except those below a `.git`.
struct BundleDirectory {
    private var bundle = WireBundle()
    private var bytes = 0
    private let base: [UInt8]

    /// - Throws: `CommandFailure` for an entry that a bundle cannot contain (a symbolic link, a device, a name that is
    ///   not UTF-8), for a bundle that is too large for a job, and if `entry` is not a file of it.
    static func read(_ directory: String, entry: String) throws -> WireBundle {
        var reader = BundleDirectory(base: CanonPath.absolute(Array(directory.utf8), relativeTo: currentDirectory()))
        do {
            try reader.readAll()
        } catch let error as EvalIOError {
            throw CommandFailure(String(decoding: error.message, as: UTF8.self))
        }
        reader.bundle.entry = entry
        guard reader.bundle.files.contains(where: { $0.path == entry }) else {
            throw CommandFailure("'\(directory)' has no file '\(entry)'; name the one to evaluate with --entry")
        }
        return reader.bundle
    }

    private init(base: [UInt8]) { self.base = base }

    private mutating func readAll() throws {
        var waiting: [(path: [UInt8], name: String)] = [(base, "")]
        while let next = waiting.popLast() {
            for entry in try LocalIO().readDirectory(next.path) {
                let path = next.path + [UInt8(ascii: "/")] + entry.name
                let shown = String(decoding: path, as: UTF8.self)
                guard let name = String(validating: entry.name, as: UTF8.self) else {
                    throw CommandFailure("'\(shown)' cannot be sent: its name is not UTF-8")
                }
                let relative = next.name.isEmpty ? name : "\(next.name)/\(name)"
                switch entry.type {
                case .directory: if name != ".git" { waiting.append((path, relative)) }
                case .regular: try add(path, relative)
                case .symlink, .unknown:
                    throw CommandFailure("'\(shown)' cannot be sent: only regular files and directories can")
                }
            }
        }
    }

    private mutating func add(_ path: [UInt8], _ relative: String) throws {
        let content = try LocalIO().readFile(path, limit: ProtocolLimits.jobBytes)
        bytes += content.count + relative.utf8.count
        guard bytes <= ProtocolLimits.jobBytes, bundle.files.count < ProtocolLimits.bundleFiles else {
            throw CommandFailure(
                "'\(String(decoding: base, as: UTF8.self))' is too large for a job: at most \(ProtocolLimits.bundleFiles) "
                    + "files and \(ProtocolLimits.jobBytes >> 20) MiB; make it a root of the workers instead")
        }
        bundle.files.append(
            .with {
                $0.path = relative
                $0.content = Data(content)
            })
    }
}
