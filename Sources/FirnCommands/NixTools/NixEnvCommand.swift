import ArgumentParser
import NixEval

/// What firn does when it is started as `nix-env`.
struct NixEnvCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: NixTool.env.rawValue,
        abstract: "Query the packages of Nix expressions or of a profile (firn in the place of Nix's command).",
        discussion: """
            Only --query is to be had. Packages are named by regular expressions, with a version if they end in -VERSION.

            Example: nix-env -f ./nixpkgs --query --available --attr-path --out-path 'firefox.*'
            """)

    /// What is queried; the last option counts.
    enum Origin: String, EnumerableFlag {
        case installed, available

        static func name(for value: Origin) -> NameSpecification {
            value == .available ? [.customShort("a"), .long] : .long
        }

        static func help(for value: Origin) -> ArgumentHelp? {
            value == .available ? "Query the packages of the Nix expressions." : "Query the profile (the default)."
        }
    }

    /// The operations of Nix's command that change a profile, with the reason for which they are refused.
    static let refusedOperations: [String: String] = {
        let reason = "changes or lists generations of a profile, which only Nix's own command does; firn has --query"
        let flags = [
            "--install", "-i", "--uninstall", "-e", "--upgrade", "-u", "--set-flag", "--set", "--switch-profile", "-S",
            "--switch-generation", "-G", "--rollback", "--list-generations", "--delete-generations",
        ]
        return Dictionary(uniqueKeysWithValues: flags.map { ($0, reason) })
    }()

    @Argument(help: "The packages that are shown: a pattern of the name, and -VERSION. Without one, all are shown.")
    var selectors: [String] = []

    @Flag(name: [.customShort("q"), .long], help: "Query packages.")
    var query = false

    @Flag(exclusivity: .chooseLast) var origin = Origin.installed

    @Option(
        name: [.customShort("f"), .long],
        help: "The Nix expression, or a directory of several; ~/.nix-defexpr by default.")
    var file: String?

    @Option(name: [.customShort("A"), .customLong("attr")], help: "Show what is below this attribute path.")
    var attribute: String?

    @OptionGroup var columns: PackageColumns

    @Flag(
        name: [.customShort("b"), .long],
        help: "Show only what is built already: what is in the store. Substituters are not asked.")
    var prebuiltOnly = false

    @Option(help: ArgumentHelp("Show the packages for this system only; * stands for all.", valueName: "system"))
    var systemFilter = "*"

    @Option(name: [.customShort("p"), .long], help: "The profile; by default NIX_PROFILE, or ~/.nix-profile.")
    var profile: String?

    @Option(
        help: """
            Go on in a fresh heap when one has held this much, such as 512M or 2GiB. Messages of what is evaluated again \
            come again.
            """)
    var heapSize = ByteSize(bytes: 4 << 30)

    @OptionGroup var evaluator: EvaluatorArguments

    mutating func validate() throws {
        try CallArgument.check(evaluator.arguments)
        if !query { throw ValidationError("no operation specified") }
        if columns.attrPath && origin != .available {
            throw ValidationError("--attr-path(-P) only works with --available")
        }
    }

    func run() throws {
        let settings = try evaluator.loadedSettings()
        try EvaluationThread.run { leave(PackageQuery(self, settings).run()) }
    }
}

/// The options of `nix-env --query` that say what is shown of a package.
struct PackageColumns: ParsableArguments {
    @Flag(
        name: [.customShort("s"), .long], help: "Show whether it is installed (I), in the store (P), substitutable (S)."
    )
    var status = false

    @Flag(help: "Leave out the name.")
    var noName = false

    @Flag(name: [.customShort("P"), .long], help: "Show the attribute path.")
    var attrPath = false

    @Flag(name: [.customShort("c"), .long], help: "Compare with the versions that are available or installed.")
    var compareVersions = false

    @Flag(help: "Show the system.")
    var system = false

    @Flag(help: "Show the store path of the derivation.")
    var drvPath = false

    @Flag(help: "Show the store paths of the outputs.")
    var outPath = false

    @Flag(help: "Show the description.")
    var description = false

    @Flag(help: "With --json or --xml: show the attributes of meta.")
    var meta = false

    @Flag(help: "Print as XML.")
    var xml = false

    @Flag(help: "Print as JSON.")
    var json = false
}
