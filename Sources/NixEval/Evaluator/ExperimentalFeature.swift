/// The experimental features of Nix that can be enabled.
public enum ExperimentalFeature {
    /// The known features: those that change the meaning of expressions, and those that concern other parts of Nix and
    /// have no effect here, so that its command lines work unchanged. Other names are refused.
    public static let known = [
        "pipe-operators", "parse-toml-timestamps", "ca-derivations", "impure-derivations", "dynamic-derivations",
        "git-hashing", "fetch-tree", "flakes", "nix-command",
    ]
}
