import ArgumentParser
import NixEval
import NixStore

/// The command `firn cache`.
struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache", abstract: "Show or empty the caches of compiled programs and evaluated heaps.",
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
        commandName: "info", abstract: "Show the directories and the sizes of the caches.",
        discussion: "Example: firn cache info --json")

    @Flag(help: "Print as JSON.")
    var json = false

    func run() throws {
        guard let cache = UserCache.programs() else {
            Output.note("error: there is no home directory to keep a cache in; set FIRN_CACHE_DIR")
            throw ExitCode(1)
        }
        let (programs, bytes) = cache.usage()
        let images = UserCache.images
        let usage = images?.usage() ?? (images: 0, bytes: 0)
        if json {
            func number(_ number: Int) -> [UInt8] { Array("\(number)".utf8) }
            let object = JSONBytes.object([
                ("directory", JSONBytes.string(cache.directory)), ("files", number(programs)), ("bytes", number(bytes)),
                ("maximumBytes", number(cache.maximumBytes)),
                (
                    "images",
                    JSONBytes.object([
                        ("directory", JSONBytes.string(images?.path ?? "")), ("count", number(usage.images)),
                        ("bytes", number(usage.bytes)), ("maximumBytes", number(images?.maximumBytes ?? 0)),
                    ])
                ),
            ])
            Output.write(1, object + [UInt8(ascii: "\n")])
        } else {
            Output.write(
                1, "\(cache.directory): \(programs) programs, \(bytes) bytes of at most \(cache.maximumBytes)\n")
            guard let images else { return }
            Output.write(
                1, "\(images.path): \(usage.images) images, \(usage.bytes) bytes of at most \(images.maximumBytes)\n")
        }
    }
}

/// The command `firn cache clear`.
struct CacheClearCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear", abstract: "Remove every program and every image from the caches.",
        discussion: "Example: firn cache clear")

    @Flag(help: "Print as JSON.")
    var json = false

    func run() throws {
        let removed = UserCache.programs()?.clear() ?? 0
        let images = UserCache.images?.clear() ?? 0
        let text = "\(removed) programs removed\n" + (images > 0 ? "\(images) images removed\n" : "")
        Output.write(1, json ? "{\"removed\":\(removed),\"images\":\(images)}\n" : text)
    }
}
