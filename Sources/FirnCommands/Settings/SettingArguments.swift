import ArgumentParser

/// A setting on the command line: `--option NAME VALUE`, or `--NAME VALUE` for a setting that Nix has.
///
/// `SettingWords` has joined the words: the name, a NUL and the value, or two NULs if the setting's own flag was given.
package struct SettingArgument: ExpressibleByArgument {
    let name: String
    /// The value; nil if the last word is missing.
    let value: String?
    /// Whether the setting's own flag was given. Then a value that it does not accept is an error, and otherwise a warning.
    let isOwnFlag: Bool

    package init(argument: String) {
        let cut = argument.firstIndex(of: "\0") ?? argument.endIndex
        name = String(argument[..<cut])
        let rest = argument[cut...].dropFirst()
        isOwnFlag = rest.first == "\0"
        value = cut == argument.endIndex ? nil : String(isOwnFlag ? rest.dropFirst() : rest)
    }
}

/// The settings of Nix on the command line.
package struct SettingArguments: ParsableArguments {
    @Option(
        name: .customLong("option"),
        help: """
            NAME VALUE: set a setting of Nix, such as max-call-depth. Each setting is an option, too: --NAME VALUE, and \
            --NAME or --no-NAME for one that is true or false. nix.conf and NIX_CONFIG are read.
            """)
    var settings: [SettingArgument] = []

    // The following are settings that evaluations are often given. They stand here for help and completion alone, because
    // `SettingWords` turns the flag of every setting into `--option`: so the last one of a setting counts, however it was
    // given.

    @Option(
        name: [.customLong("extra-experimental-features"), .customLong("experimental-features")],
        help: "Experimental features of Nix to enable, such as pipe-operators.")
    var features: String?

    @Flag(inversion: .prefixedNo, help: "Show the backtrace of an error.")
    var showTrace = false

    @Flag(help: "Print the messages of builtins.traceVerbose.")
    var traceVerbose = false

    @Flag(help: "End the evaluation at the first warning of builtins.warn.")
    var abortOnWarn = false

    @Flag(help: "Read only what lies below the entries of the search path, and no environment.")
    var restrictEval = false

    @Option(help: "With --restrict-eval: the URLs that may be fetched, with everything below them.")
    var allowedUris: String?

    @Option(help: "The entries of the search path after those of -I, in place of NIX_PATH.")
    var nixPath: String?

    @Option(help: "The value of builtins.currentSystem.")
    var evalSystem: String?

    @Option(help: "The limit on the call depth, in frames.")
    var maxCallDepth: Int?

    @Option(help: "What to do about URLs without quotes: ignore them, warn, or refuse them (fatal).")
    var lintUrlLiterals: String?

    @Option(help: "The same for relative paths that do not begin with a dot: ignore, warn or fatal.")
    var lintShortPathLiterals: String?

    @Option(help: "The same for paths that begin with / or ~: ignore, warn or fatal.")
    var lintAbsolutePathLiterals: String?

    package init() {}

    package mutating func validate() throws {
        for setting in settings where setting.value == nil {
            throw ValidationError("the setting '\(setting.name)' lacks its value")
        }
    }

    /// The settings of this machine and user, overridden by those of the command line, with warnings about what cannot be
    /// used on standard error.
    ///
    /// - Throws: `ExitCode` if a setting has a value that it does not accept; the reason has been printed.
    package func loaded() throws -> NixSettings {
        do throws(NixSettingError) {
            var loaded = try NixSettings.loaded()
            for setting in settings {
                do throws(NixSettingError) {
                    try loaded.set(setting.name, to: setting.value ?? "")
                } catch {
                    if setting.isOwnFlag { throw error }
                    loaded.warn(error.description)
                }
                if let advice = Self.advice[setting.name] { loaded.warn(advice) }
            }
            for warning in loaded.warnings { Output.note("warning: \(warning)") }
            return loaded
        } catch {
            Output.note("error: \(error)")
            throw ExitCode(2)
        }
    }

    /// What is said of settings without effect that someone could rely on.
    private static let advice = [
        "timeout": "--timeout bounds single builds; --max-time bounds the evaluation"
    ]
}
