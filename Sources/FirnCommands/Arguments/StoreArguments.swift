import ArgumentParser

/// The options that say where store objects are written.
struct StoreArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write what the evaluation adds to the store: daemon, unix://SOCKET, or a directory that is the root of a store.",
            discussion: "Without it, instantiate follows NIX_REMOTE; otherwise nothing is written.", valueName: "store")
    )
    var store: String?

    @Option(
        help: ArgumentHelp(
            "Write what the evaluation adds to the store to a file, as nix-store --import reads it; - is standard output.",
            valueName: "file"))
    var export: String?

    @Option(
        help: ArgumentHelp(
            "Build what the evaluation reads of derivations with a command, such as 'nix-store --realise'.",
            discussion: """
                A shell runs it with the outputs as further arguments. It needs a store that is written. Without it, the \
                daemon builds, if the setting allow-import-from-derivation is true.
                """,
            valueName: "command"))
    var builder: String?

    mutating func validate() throws {
        if store != nil && export != nil { throw ValidationError("--store and --export exclude each other") }
    }

    /// Whether standard output is taken by the export, so that results are printed on standard error.
    var takesStandardOutput: Bool { export == "-" }

    /// Prints a result.
    ///
    /// - Parameters:
    ///   - bytes: the text.
    ///   - isData: whether a program is to read the text, so that nothing of it is filtered on a terminal.
    func print(_ bytes: [UInt8], isData: Bool = false) {
        if takesStandardOutput {
            Output.message(bytes)
        } else if isData {
            Output.write(1, bytes)
        } else {
            Output.text(bytes)
        }
    }
}
