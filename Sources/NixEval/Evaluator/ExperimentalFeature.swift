/// The experimental features of Nix that can be enabled.
public enum ExperimentalFeature {
    /// Those that change what an expression means, and those that concern other parts of Nix, which are accepted so that
    /// its command lines carry over. Every other name is refused.
    public static let known = [
        "pipe-operators", "parse-toml-timestamps", "ca-derivations", "impure-derivations", "dynamic-derivations",
        "git-hashing", "fetch-tree", "flakes", "nix-command",
    ]
}
