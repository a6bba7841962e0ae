import ArgumentParser
import NixEval
import NixStore

/// The command `firn cache`.
struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Show or empty the cache of compiled programs.",
        discussion: """
            The cache is in $FIRN_CACHE_DIR, else in $XDG_CACHE_HOME/firn, else in ~/.cache/firn. A variable whose value does not \
            begin with / is ignored.

            Example: firn cache info
            """,
        subcommands: [CacheInfoCommand.self, CacheClearCommand.self])
}

/// The command `firn cache info`.
struct CacheInfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Show the directory and the size of the cache.",
        discussion: "Example: firn cache info --json")

    @Flag(help: "Print as JSON.")
    var json = false

    func run() throws {
        guard let cache = UserCache.programs() else {
            Output.note("error: there is no home directory to keep a cache in; set FIRN_CACHE_DIR")
            throw ExitCode(1)
        }
        let (programs, bytes) = cache.usage()
        if json {
            let object = JSONBytes.object([
                ("directory", JSONBytes.string(cache.directory)), ("files", Array("\(programs)".utf8)),
                ("bytes", Array("\(bytes)".utf8)), ("maximumBytes", Array("\(cache.maximumBytes)".utf8)),
            ])
            Output.write(1, object + [UInt8(ascii: "\n")])
        } else {
            Output.write(
                1, "\(cache.directory): \(programs) programs, \(bytes) bytes of at most \(cache.maximumBytes)\n")
        }
    }
}

/// The command `firn cache clear`.
struct CacheClearCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear", abstract: "Remove every program from the cache.",
        discussion: "Example: firn cache clear")

    @Flag(help: "Print as JSON.")
    var json = false

    func run() throws {
        let removed = UserCache.programs()?.clear() ?? 0
        Output.write(1, json ? "{\"removed\":\(removed)}\n" : "\(removed) programs removed\n")
    }
}
