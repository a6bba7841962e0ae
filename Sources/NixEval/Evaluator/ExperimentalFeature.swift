/// The experimental features of Nix.
public enum ExperimentalFeature {
    /// The known features: those that change the meaning of expressions, and those that concern other parts of Nix and
    /// have no effect here, so that its command lines and configuration files work unchanged.
    public static let known = [
        "pipe-operators", "parse-toml-timestamps", "ca-derivations", "impure-derivations", "dynamic-derivations",
        "git-hashing", "fetch-tree", "flakes", "nix-command", "recursive-nix", "fetch-closure", "auto-allocate-uids",
        "cgroups", "daemon-trust-override", "read-only-local-store", "local-overlay-store", "configurable-impure-env",
        "mounted-ssh-store", "verified-fetches", "external-builders", "blake3-hashes",
    ]
}
