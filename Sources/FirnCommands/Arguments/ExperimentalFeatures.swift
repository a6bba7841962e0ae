import ArgumentParser
import NixEval

/// Options that name experimental features of Nix.
enum ExperimentalFeatures {
    /// Those that can be enabled.
    static let known = ExperimentalFeature.known

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
