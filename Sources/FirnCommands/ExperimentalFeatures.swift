import ArgumentParser

/// The experimental features of Nix that can be enabled.
enum ExperimentalFeatures {
    /// Those that change what an expression means, and those that concern other parts of Nix, which are accepted so that
    /// its command lines carry over.
    static let known = [
        "pipe-operators", "parse-toml-timestamps", "ca-derivations", "impure-derivations", "dynamic-derivations",
        "git-hashing",
        "fetch-tree", "flakes", "nix-command",
    ]

    /// The features that options name.
    static func enabled(_ features: [String]) -> Set<String> {
        Set(features.flatMap { $0.split(separator: " ").map(String.init) })
    }

    /// Refuses names of features that are not there. Each word may hold several, as in Nix's configuration.
    static func check(_ features: [String]) throws {
        for feature in features.flatMap({ $0.split(separator: " ") }) where !known.contains(String(feature)) {
            throw ValidationError(
                "unknown experimental feature '\(feature)'; known: \(known.joined(separator: ", "))")
        }
    }
}
