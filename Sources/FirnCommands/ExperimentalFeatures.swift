import ArgumentParser

/// The experimental features of Nix that can be enabled.
enum ExperimentalFeatures {
    private static let known = ["pipe-operators", "parse-toml-timestamps"]

    /// Whether a feature is among those enabled.
    static func has(_ feature: String, in features: [String]) -> Bool {
        features.contains { $0.split(separator: " ").contains(Substring(feature)) }
    }

    /// Refuses names of features that are not there. Each word may hold several, as in Nix's configuration.
    static func check(_ features: [String]) throws {
        for feature in features.flatMap({ $0.split(separator: " ") }) where !known.contains(String(feature)) {
            throw ValidationError(
                "unknown experimental feature '\(feature)'; known: \(known.joined(separator: ", "))")
        }
    }
}
