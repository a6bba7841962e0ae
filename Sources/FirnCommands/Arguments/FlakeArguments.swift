import ArgumentParser

/// The options of the commands that evaluate flakes, with the names that `nix` gives them.
package struct FlakeArguments: ParsableArguments {
    @Flag(
        name: .customLong("flake"), help: "Take the arguments as flake references (default: .), as in --flake .#hello.")
    package var areFlakes = false

    @Option(
        help: "PATH REFERENCE: use another flake for an input, such as nixpkgs or a/nixpkgs; repeatable.")
    package var overrideInput: [PairArgument] = []

    @Option(help: ArgumentHelp("Lock an input anew; repeatable.", valueName: "path"))
    package var updateInput: [String] = []

    @Flag(help: "Lock all inputs anew.")
    package var recreateLockFile = false

    @Option(help: ArgumentHelp("Read this lock file in the place of the flake's.", valueName: "file"))
    package var referenceLockFile: String?

    @Option(help: ArgumentHelp("Write the lock file here and not to the flake.", valueName: "file"))
    package var outputLockFile: String?

    @Flag(help: "Do not write the lock file of the flake, even if it changes.")
    package var noWriteLockFile = false

    @Flag(help: "Fail if the lock file of the flake would change.")
    package var noUpdateLockFile = false

    @Flag(help: .hidden)
    package var commitLockFile = false

    @Flag(help: "Look up no flake in a registry.")
    package var noRegistries = false

    @Option(
        help: ArgumentHelp("Use the inputs of a flake as registry entries; repeatable.", valueName: "reference"))
    package var inputsFrom: [String] = []

    package init() {}

    /// Checks the options.
    ///
    /// - Parameter isUsed: whether the command evaluates flakes.
    /// - Throws: `ValidationError`.
    package func check(with isUsed: Bool) throws {
        for pair in overrideInput where pair.second == nil {
            throw ValidationError("'\(pair.first)' lacks its second word: --override-input takes two")
        }
        if commitLockFile {
            throw ValidationError(
                "--commit-lock-file would commit in your repository, with its hooks: run `firn flake lock` and then "
                    + "`git commit flake.lock`")
        }
        let isGiven =
            !overrideInput.isEmpty || !updateInput.isEmpty || recreateLockFile || referenceLockFile != nil
            || outputLockFile != nil || noWriteLockFile || noUpdateLockFile || noRegistries || !inputsFrom.isEmpty
        if isGiven, !isUsed {
            throw ValidationError("the options of lock files and inputs are for flakes, as in --flake .#hello")
        }
    }
}
