import ArgumentParser

/// Options of nix-instantiate that say how to build, or how much to tell. They are taken so that its command lines work.
/// Nothing is built here, and evaluations have no other messages than warnings, traces and errors. Only `--help-hidden`
/// shows them.
package struct BuildArguments: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Accepted; there are no further messages.")
    var verbose: Int

    @Flag(help: "Accepted; there are no further messages.")
    var debug = false

    @Flag(help: "Accepted; warnings are printed nevertheless.")
    var quiet: Int

    @Option(
        help: """
            raw, raw-with-logs, bar, bar-with-logs or internal-json; eval-jobs follows it, and other commands print plain \
            messages.
            """)
    package var logFormat: LogFormat?

    @Flag(name: [.customShort("Q"), .customLong("no-build-output")], help: "Accepted; nothing is built.")
    var noBuildOutput = false

    @Flag(help: "Accepted; nothing is built or repaired.")
    var repair = false

    @Flag(name: .customLong("no-gc-warning"), help: "Accepted; there is no such warning.")
    var noCollectionWarning = false

    package enum LogFormat: String, ExpressibleByArgument, CaseIterable {
        case raw, bar
        case rawWithLogs = "raw-with-logs"
        case barWithLogs = "bar-with-logs"
        case internalJSON = "internal-json"
    }

    package init() {}

    /// Says which of the options someone could rely on without effect.
    ///
    /// - Parameter hasLogFormats: whether the command follows `--log-format`.
    package func warn(hasLogFormats: Bool = false) {
        if logFormat == .internalJSON, !hasLogFormats {
            Output.note("warning: messages are plain text; --log-format internal-json has no effect")
        }
        if repair { Output.note("warning: nothing is built here; --repair has no effect") }
    }
}
