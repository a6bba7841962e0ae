import NixStore

/// A builtin that is a value or written in Nix, and not a row with code of its own.
struct BuiltinConstant: Sendable {
    /// Where its value comes from.
    enum Source: Sendable {
        /// Nil where an evaluation must not know it.
        case machine(@Sendable (Machine) -> Value?)
        /// It is set after all other builtins, because it is made of them.
        case installedLater
    }

    let name: String
    let arguments: [String]
    /// Whether it is a variable of the global scope under its plain name, and not as `__NAME`.
    let isGlobal: Bool
    let since: String
    let summary: String
    let source: Source

    init(
        _ name: String, isGlobal: Bool = false, since: String, _ summary: String,
        _ value: @escaping @Sendable (Machine) -> Value?
    ) {
        self.init(name, [], isGlobal: isGlobal, since: since, summary, .machine(value))
    }

    private init(
        _ name: String, _ arguments: [String] = [], isGlobal: Bool, since: String, _ summary: String, _ source: Source
    ) {
        self.name = name
        self.arguments = arguments
        self.isGlobal = isGlobal
        self.since = since
        self.summary = summary
        self.source = source
    }

    /// The name of its variable in the global scope.
    var globalName: [UInt8] { Array((isGlobal ? "" : "__").utf8) + Array(name.utf8) }

    static let all: [BuiltinConstant] = [
        BuiltinConstant("true", isGlobal: true, since: "0.5", "The Boolean that holds.") { _ in .true },
        BuiltinConstant("false", isGlobal: true, since: "0.5", "The Boolean that does not hold.") { _ in .false },
        BuiltinConstant("null", isGlobal: true, since: "0.5", "The value of the type `null`.") { _ in .null },
        BuiltinConstant("nixVersion", since: "1.2", "The version of Nix whose behaviour is implemented.") {
            $0.permanentString(Machine.nixVersion)
        },
        BuiltinConstant("langVersion", since: "1.2", "The version of the language: 6.") { _ in Value(small: 6) },
        BuiltinConstant("storeDir", since: "1.9", "The directory of the store: `/nix/store`, or that of NIX_STORE_DIR.")
        {
            Value(Tag.string, $0.permanentBytes(Kind.string, StorePath.directory))
        },
        BuiltinConstant(
            "currentSystem", since: "0.8", "The platform that packages are made for. Pure evaluations lack it."
        ) { machine in
            machine.settings.currentSystem.map { Value(Tag.string, machine.permanentBytes(Kind.string, $0)) }
        },
        BuiltinConstant(
            "currentTime", since: "0.9", "When the evaluation began, in seconds since 1970. Pure evaluations lack it."
        ) { machine in
            machine.io.currentTime() == nil ? nil : machine.clockValue
        },
        BuiltinConstant("nixPath", since: "1.8", "The search path: a list of sets with `path` and `prefix`.") {
            $0.searchPathValue($0.settings.searchPath)
        },
        BuiltinConstant(
            "builtins", isGlobal: true, since: "0.10", "The set of all builtins, itself among them.", .installedLater),
        BuiltinConstant(
            "derivation", ["attributes"], isGlobal: true, since: "0.5",
            "The set that stands for a build: its attributes, its paths and those of its other outputs.",
            .installedLater),
    ]
}
