import ArgumentParser
import NixEval

/// The options that enable experimental features of Nix.
enum ExperimentalFeatures {
    /// The features that can be enabled.
    static let known = ExperimentalFeature.known

    /// The features that the options name.
    static func enabled(_ features: [String]) -> Set<String> {
        Set(features.flatMap { $0.split(separator: " ").map(String.init) })
    }

    /// Refuses unknown features. As in Nix's configuration, a value may name several, separated by spaces.
    static func check(_ features: [String]) throws {
        for feature in features.flatMap({ $0.split(separator: " ") }) where !known.contains(String(feature)) {
            throw ValidationError(
                "unknown experimental feature '\(feature)'; known: \(known.joined(separator: ", "))")
        }
    }
}
