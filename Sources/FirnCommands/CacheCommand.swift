import ArgumentParser
import NixEval
import NixStore

/// `firn cache`.
struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Show or empty the cache of compiled programs.",
        discussion: """
            It lies in $FIRN_CACHE_DIR, else in $XDG_CACHE_HOME/firn, else in ~/.cache/firn; a variable whose value does not \
            begin with / is passed over.

            Example: firn cache info
            """,
        subcommands: [CacheInfoCommand.self, CacheClearCommand.self])

    /// The cache of this user; nil when there is no place for one.
    @Sendable static func cache() -> DiskCache? {
        let io = LocalIO()
        func variable(_ name: String) -> String? {
            io.environmentVariable(Array(name.utf8)).map { String(decoding: $0, as: UTF8.self) }
                .flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        let home = io.homeDirectory.map { String(decoding: $0, as: UTF8.self) + "/.cache/firn" }
        guard let directory = variable("FIRN_CACHE_DIR") ?? variable("XDG_CACHE_HOME").map({ $0 + "/firn" }) ?? home
        else { return nil }
        return DiskCache(directory: directory)
    }
}

/// `firn cache info`.
struct CacheInfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Show where the cache lies and how large it is.",
        discussion: "Example: firn cache info --json")

    @Flag(help: "Print as JSON.")
    var json = false

    func run() throws {
        guard let cache = CacheCommand.cache() else {
            Output.note("error: there is no home directory to keep a cache in; set FIRN_CACHE_DIR")
            throw ExitCode(1)
        }
        let (files, bytes) = cache.usage()
        if json {
            let object = JSONBytes.object([
                ("directory", JSONBytes.string(cache.directory)), ("files", Array("\(files)".utf8)),
                ("bytes", Array("\(bytes)".utf8)), ("maximumBytes", Array("\(cache.maximumBytes)".utf8)),
            ])
            Output.write(1, object + [UInt8(ascii: "\n")])
        } else {
            Output.write(
                1, "\(cache.directory): \(files) programs, \(bytes) bytes of at most \(cache.maximumBytes)\n")
        }
    }
}

/// `firn cache clear`.
struct CacheClearCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear", abstract: "Remove every program from the cache.",
        discussion: "Example: firn cache clear")

    @Flag(help: "Print as JSON.")
    var json = false

    func run() throws {
        let removed = CacheCommand.cache()?.clear() ?? 0
        Output.write(1, json ? "{\"removed\":\(removed)}\n" : "\(removed) programs removed\n")
    }
}
