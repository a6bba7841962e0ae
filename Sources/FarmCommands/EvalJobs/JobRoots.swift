import FirnProtocol
import Glibc
import NixStore

/// The roots of a command's jobs, by which files of this machine are named in jobs.
struct JobRoots {
    let arguments: [RootArgument]
    private let resolved: [(name: String, directory: String)]

    /// - Throws: `CommandFailure` if the directory of a root does not exist or cannot be read.
    init(_ arguments: [RootArgument]) throws {
        self.arguments = arguments
        resolved = try arguments.map { ($0.name, try $0.resolved()) }
    }

    /// The root in which an existing file or directory lies, and the path below it; nil if none holds it.
    ///
    /// - Parameter file: a path relative to the current directory.
    func location(of file: String) throws -> WireRootFile? {
        guard let path = RealPath.of(file) else { return nil }
        for (name, directory) in resolved {
            let prefix = directory.hasSuffix("/") ? directory : directory + "/"
            guard path == directory || path.hasPrefix(prefix) else { continue }
            return .with {
                $0.root = name
                $0.path = path == directory ? "" : String(path.dropFirst(prefix.count))
            }
        }
        return nil
    }

    /// The path at which jobs see an existing file or directory; nil if no root holds it.
    func path(of file: [UInt8]) throws -> [UInt8]? {
        guard let location = try location(of: String(decoding: file, as: UTF8.self)) else { return nil }
        let root = RootedIO.Root(name: location.root, directory: []).path
        return CanonPath.canonicalize(root + Array("/\(location.path)".utf8))
    }
}

extension RootArgument {
    /// All files of this machine, at their own paths.
    static let whole = RootArgument(name: RootedIO.wholeName, directory: "/")
}
