import NixStore

/// How the lock file of a flake is made and kept.
package struct LockOptions: Sendable {
    /// References that replace those of inputs (`--override-input`), relative paths among them being those of the command
    /// line's directory already.
    package var overrides: [(path: InputPath, reference: FlakeReference)] = []
    /// Inputs whose locks are made anew (`--update-input`).
    package var updates: [InputPath] = []
    /// Whether all locks are made anew (`--recreate-lock-file`).
    package var recreates = false
    /// Whether the lock file may differ from that of the flake. `false` is `--no-update-lock-file`.
    package var mayChange = true
    /// Whether a changed lock file is written to the flake. `false` is `--no-write-lock-file`.
    package var isWritten = true
    /// The text and path of a lock file that is read in the place of the flake's (`--reference-lock-file`).
    package var reference: (text: [UInt8], path: String)?
    /// The path of the file that is written in the place of the flake's (`--output-lock-file`).
    package var output: String?
    /// Whether registries say what the names of flakes stand for. `false` is `--no-registries`.
    package var usesRegistries = true

    package init() {}
}
