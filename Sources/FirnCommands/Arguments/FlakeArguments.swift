import ArgumentParser
import NixStore

/// The options about flakes and what is fetched for them, with the names that `nix` gives them.
package struct FlakeArguments: ParsableArguments {
    @Flag(
        name: .customLong("flake"), help: "Take the arguments as flake references (default: .), as in --flake .#hello.")
    package var areFlakes = false

    @Flag(
        name: .customLong("allow-network"),
        help: """
            Let the fetchers download with curl and git. What they get is kept in the user's cache; --refresh asks servers \
            again.
            """)
    package var allowNetwork = false

    @Option(
        name: LockArgument.Kind.names,
        help: """
            For flakes. --override-input PATH REFERENCE uses another flake for an input, such as nixpkgs or a/nixpkgs; \
            --update-input PATH locks one anew, --recreate-lock-file all; --reference-lock-file FILE is read and \
            --output-lock-file FILE written in the place of the flake's; with --no-write-lock-file none is written, and with \
            --no-update-lock-file a change is an error. --no-registries looks no names up; --inputs-from REFERENCE adds the \
            inputs of a flake to the names.
            """)
    package var locks: [LockArgument] = []

    package init() {}

    /// The values of an option, in the order in which it was given.
    package func values(_ kind: LockArgument.Kind) -> [[String]] { locks.filter { $0.kind == kind }.map(\.values) }

    package func has(_ kind: LockArgument.Kind) -> Bool { locks.contains { $0.kind == kind } }

    /// The settings for the fetchers; nil if nothing is to be downloaded, or if there is no directory to keep it in.
    func networkSettings(_ settings: NixSettings) -> NetworkSettings? {
        guard allowNetwork else { return nil }
        let network = settings.downloads.network()
        if network == nil {
            Output.note(
                "warning: nothing is downloaded: without a home directory, set FIRN_CACHE_DIR and XDG_CACHE_HOME")
        }
        return network
    }

    /// Checks the options.
    ///
    /// - Parameter isUsed: whether the command evaluates flakes.
    /// - Throws: `ValidationError`.
    package func check(with isUsed: Bool) throws {
        if has(.commitLockFile) {
            throw ValidationError(
                "--commit-lock-file would commit in your repository, with its hooks: run `firn flake lock` and then "
                    + "`git commit flake.lock`")
        }
        if let first = locks.first, !isUsed {
            throw ValidationError("--\(first.kind.rawValue) is for flakes, as in --flake .#hello")
        }
    }
}
