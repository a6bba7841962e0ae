import FirnCommands
import FirnProtocol
import Glibc
import NixStore

/// The file of a package set, which lies in a root or is sent with the job.
struct PackageSetFile {
    private let path: String
    private let location: WireRootFile?

    /// - Parameter file: a path relative to the current directory; a directory stands for its `default.nix`.
    /// - Throws: `CommandFailure` if the file does not exist or cannot be read.
    init(_ file: String, roots: JobRoots) throws {
        guard var path = RealPath.of(file) else { throw CommandFailure("'\(file)' is not there or cannot be read") }
        var status = stat()
        if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { path += "/default.nix" }
        guard unsafe access(path, R_OK) == 0 else { throw CommandFailure("'\(path)' is not there or cannot be read") }
        self.path = path
        location = try roots.location(of: path)
    }

    func program() throws -> WireJobSpecification.OneOf_Program {
        if let location { return .rootFile(location) }
        do throws(EvalIOError) {
            return JobSourceArguments.source(try LocalIO().readFile(Array(path.utf8)), name: path)
        } catch {
            throw CommandFailure(String(decoding: error.message, as: UTF8.self))
        }
    }
}
