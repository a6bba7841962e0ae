import ArgumentParser
import NixStore

/// The options that say where store objects are written.
package struct StoreArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write what the evaluation adds to the store: daemon, unix://SOCKET, or a directory that is the root of a store.",
            discussion: "Without it, instantiate follows NIX_REMOTE; otherwise nothing is written.", valueName: "store")
    )
    package var store: String?

    @Option(
        help: ArgumentHelp(
            "Write what the evaluation adds to the store to a file, as nix-store --import reads it; - is standard output.",
            valueName: "file"))
    package var export: String?

    @Option(
        help: ArgumentHelp(
            "Build what the evaluation reads of derivations with a command, such as 'nix-store --realise'.",
            discussion: """
                A shell runs it with the outputs as further arguments. It needs a store that is written. Without it, the \
                daemon builds, if the setting allow-import-from-derivation is true.
                """,
            valueName: "command"))
    var builder: String?

    package init() {}

    package mutating func validate() throws {
        if store != nil && export != nil { throw ValidationError("--store and --export exclude each other") }
    }

    /// Whether standard output is taken by the export, so that results are printed on standard error.
    package var takesStandardOutput: Bool { export == "-" }

    /// The store that a command writes to which evaluates on a farm.
    ///
    /// - Parameter followsEnvironment: whether NIX_REMOTE is followed without `--store`.
    package func choice(followsEnvironment: Bool) throws(StoreChoice.Mistake) -> StoreChoice {
        var wishes = StoreChoice.Wishes(workingDirectory: currentDirectory())
        wishes.store = store
        wishes.export = export
        wishes.followsEnvironment = followsEnvironment
        let io = LocalIO()
        let choice = try StoreChoice(wishes) { io.environmentVariable(Array($0.utf8)) }
        try choice.check()
        return choice
    }

    /// Prints a result.
    ///
    /// - Parameters:
    ///   - bytes: the text.
    ///   - isData: whether a program is to read the text, so that nothing of it is filtered on a terminal.
    package func print(_ bytes: [UInt8], isData: Bool = false) {
        if takesStandardOutput {
            Output.message(bytes)
        } else if isData {
            Output.write(1, bytes)
        } else {
            Output.text(bytes)
        }
    }
}
