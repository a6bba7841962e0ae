import ArgumentParser
import NixStore

/// What firn does when it is started as `nix-store`.
struct NixStoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: NixTool.store.rawValue,
        abstract: "Query the derivations of a store (firn in the place of Nix's command).",
        discussion: """
            Only --query and --init are to be had. The store is the directory that --store, NIX_REMOTE or NIX_STORE_DIR name, \
            without its database.

            Example: nix-store --store ./sandbox --query --requisites "$(nix-instantiate --store ./sandbox . -A hello)"
            """)

    /// The operations of Nix's command that are refused, each with the reason.
    static let refusedOperations: [String: String] = {
        let reasons: [(flags: [String], reason: String)] = [
            (["--realise", "--realize", "-r"], "builds, which firn does not; use Nix's own nix-store --realise"),
            (
                [
                    "--add", "-A", "--add-fixed", "--delete", "--import", "--restore", "--load-db",
                    "--register-validity",
                ],
                "changes a store, to which firn writes what it evaluates and nothing else"
            ),
            (
                [
                    "--gc", "--verify", "--verify-path", "--repair-path", "--optimise", "--optimize",
                    "--check-validity",
                    "--dump-db", "--read-log", "-l",
                ],
                "needs the database of a store, which firn does not read"
            ),
            (
                ["--serve", "--generate-binary-cache-key", "--print-env", "--print-fixed-path", "--export", "--dump"],
                "is not to be had in firn; use Nix's own command"
            ),
        ]
        var refused: [String: String] = [:]
        for (flags, reason) in reasons {
            for flag in flags { refused[flag] = reason }
        }
        return refused
    }()

    /// What `--query` asks for.
    enum Question: String, EnumerableFlag {
        case outputs, requisites, references, referrers, referrersClosure, deriver, validDerivers, tree, graph, resolve

        static func name(for value: Question) -> NameSpecification {
            switch value {
            case .requisites: [.customShort("R"), .long]
            case .deriver: [.customShort("d"), .long]
            default: .long
            }
        }

        static func help(for value: Question) -> ArgumentHelp? {
            switch value {
            case .outputs: "Print the output paths of derivations (the default)."
            case .requisites: "Print the paths with everything that they refer to, references first."
            case .references: "Print the paths that they refer to."
            case .referrers: "Print the paths that refer to them."
            case .referrersClosure: "Print the paths with everything that refers to them."
            case .deriver: "Print the derivations in the store that have these outputs."
            case .validDerivers: "The same, without a line for a path that has none."
            case .tree: "Print what they refer to as a tree."
            case .graph: "Print what they refer to as a graph for dot."
            case .resolve: "Print the store paths that links lead to."
            }
        }
    }

    @Argument(help: "Store paths, paths below them, and links that lead to them.")
    var paths: [String] = []

    @Flag(name: [.customShort("q"), .long], help: "Query the store.")
    var query = false

    @Flag(name: .customLong("init"), help: "Make the directory of the store, if one is named.")
    var initialize = false

    @Flag var question: Question?

    @Option(name: [.customShort("b"), .long], help: "Print a variable of the derivations' environments.")
    var binding: String?

    @Flag(name: [.customShort("u"), .long], help: "Query the outputs of the derivations that are named.")
    var useOutput = false

    @Flag(help: "With --requisites: include the outputs of derivations that are in the store.")
    var includeOutputs = false

    @Option(help: ArgumentHelp("The directory that is the root of the store.", valueName: "store"))
    var store: String?

    @OptionGroup var settings: SettingArguments

    @OptionGroup(visibility: .hidden) var builds: BuildArguments

    mutating func validate() throws {
        if !query && !initialize { throw ValidationError("no operation specified") }
        if query && initialize { throw ValidationError("only one operation may be specified") }
        if binding != nil && question != nil {
            throw ValidationError("query type '--binding' conflicts with earlier flag")
        }
    }

    func run() throws {
        builds.warn()
        _ = try settings.loaded()
        let directory = try directory()
        if initialize { return try make(directory) }
        let query = StoreQuery(self, StoreContents(directory))
        do throws(StoreQueryError) { try query.run() } catch {
            Output.message(Array("error: ".utf8) + error.message + [UInt8(ascii: "\n")])
            throw ExitCode(1)
        }
    }

    private func directory() throws -> [UInt8] {
        var wishes = StoreChoice.Wishes(workingDirectory: currentDirectory())
        wishes.store = store
        wishes.followsEnvironment = true
        let io = LocalIO()
        do throws(StoreChoice.Mistake) {
            let choice = try StoreChoice(wishes) { io.environmentVariable(Array($0.utf8)) }
            if case .directory(let path) = choice { return path }
            // A daemon's store is read as any other directory.
            return StorePath.directory
        } catch {
            Output.note("error: \(error.message)")
            throw ExitCode(1)
        }
    }

    /// Makes the directory, which exists already if it is the usual one.
    private func make(_ directory: [UInt8]) throws {
        if directory == StorePath.directory, store == nil { return }
        do throws(StoreWriteError) { try DirectoryStore(directory).finish { false } } catch {
            Output.message(Array("error: ".utf8) + error.message + [UInt8(ascii: "\n")])
            throw ExitCode(1)
        }
    }
}
