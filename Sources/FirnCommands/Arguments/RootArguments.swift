import ArgumentParser

/// The options for links that keep derivations from being collected as garbage.
struct RootArguments: ParsableArguments {
    @Option(
        help: "Make PATH a link to the derivation, which keeps it; further derivations get PATH-2, PATH-3 and so on.")
    var addRoot: String?

    @Flag(help: "Accepted for compatibility with nix-instantiate: the roots of --add-root are always indirect.")
    var indirect = false

    @Option(help: "Make a link in DIR to each derivation, with the name of its file.")
    var gcRootsDir: String?

    @Flag(help: "Do not warn that derivations without --add-root may be collected.")
    var noGcWarning = false

    mutating func validate() throws {
        if indirect && addRoot == nil { throw ValidationError("--indirect is for --add-root") }
    }

    var areWanted: Bool { addRoot != nil || gcRootsDir != nil }
}
