import ArgumentParser
import Glibc
import NixStore

/// The command `firn nix-commands`.
struct NixCommandsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nix-commands",
        abstract: "Lay out nix-instantiate, nix-env and nix-store as links to firn, for scripts that call them.",
        discussion: """
            Started by one of these names, firn behaves like the command of Nix as far as that evaluates, and refuses the rest.

            Example: firn nix-commands ./bin && PATH=$PWD/bin:$PATH nix-env -f . -qaP --out-path
            """)

    @Argument(help: "The directory of the links, which is made if it does not exist.")
    var directory: String

    @Flag(help: "Print a JSON object with the path of each link.")
    var json = false

    func run() throws {
        guard let executable = ExecutablePath.own() else {
            Output.note("error: the path of this executable cannot be determined; is /proc mounted?")
            throw ExitCode(1)
        }
        if unsafe mkdir(directory, 0o777) != 0, errno != EEXIST {
            throw Self.failure("the directory '\(directory)' cannot be made")
        }
        let base = CanonPath.absolute(Array(directory.utf8), relativeTo: currentDirectory())
        var links: [(name: String, value: [UInt8])] = []
        for tool in NixTool.allCases {
            let link = base + Array("/\(tool.rawValue)".utf8)
            try Self.makeLink(String(decoding: link, as: UTF8.self), to: executable)
            links.append((tool.rawValue, link))
        }
        if json {
            Output.text(JSONBytes.object(links.map { ($0.name, JSONBytes.string($0.value)) }) + [UInt8(ascii: "\n")])
        } else {
            for link in links { Output.text(link.value + [UInt8(ascii: "\n")]) }
        }
    }

    /// Makes a symbolic link. One of an earlier run is replaced; anything else is left alone.
    private static func makeLink(_ link: String, to target: String) throws {
        var status = stat()
        if unsafe lstat(link, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFLNK else {
                Output.note("error: '\(link)' is no symbolic link; it is not replaced")
                throw ExitCode(1)
            }
            if unsafe unlink(link) != 0 { throw failure("the link '\(link)' cannot be replaced") }
        }
        if unsafe symlink(target, link) != 0 { throw failure("the link '\(link)' cannot be made") }
    }

    private static func failure(_ what: String) -> ExitCode {
        Output.note("error: \(what): \(unsafe String(cString: strerror(errno)))")
        return ExitCode(1)
    }
}
