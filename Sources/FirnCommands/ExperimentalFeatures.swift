import ArgumentParser

/// The experimental features of Nix that can be enabled.
enum ExperimentalFeatures {
    private static let known = ["pipe-operators"]

    /// Refuses names of features that are not there. Each word may hold several, as in Nix's configuration.
    static func check(_ features: [String]) throws {
        for feature in features.flatMap({ $0.split(separator: " ") }) where !known.contains(String(feature)) {
            throw ValidationError(
                "unknown experimental feature '\(feature)'; known: \(known.joined(separator: ", "))")
        }
    }
}
