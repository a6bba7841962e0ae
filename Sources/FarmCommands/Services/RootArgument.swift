import ArgumentParser
import Glibc
import NixStore

/// A root on the command line or in a configuration: `NAME=DIRECTORY`.
struct RootArgument: ExpressibleByArgument {
    let name: String
    let directory: String

    init(name: String, directory: String) {
        self.name = name
        self.directory = directory
    }

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "=") else { return nil }
        name = String(argument[..<equals])
        directory = String(argument[argument.index(after: equals)...])
        guard RootedIO.isValidName(name), !directory.isEmpty else { return nil }
    }

    var text: String { "\(name)=\(directory)" }

    /// The directory's absolute path without symbolic links.
    ///
    /// - Throws: `CommandFailure` if the directory does not exist or cannot be read.
    func resolved() throws -> String {
        guard let path = RealPath.of(directory), unsafe access(path + "/.", R_OK) == 0 else {
            throw CommandFailure("--root \(text): '\(directory)' is not a directory, or cannot be read")
        }
        return path
    }
}

enum RealPath {
    /// The absolute path without symbolic links; nil if the file does not exist.
    static func of(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}
