import NixStore
import NixVM

/// The parts of the evaluator that are written in Nix: the files of the folder NixSources, which the build embeds.
enum NixSources {
    /// The builtin `derivation`, a set whose parts are computed when they are needed.
    static var derivation: [UInt8] { PackageResources.derivation_nix }

    /// The name of `derivation` in positions.
    static let derivationName = "«nix-internal»/derivation-internal.nix"

    /// The function that classifies the attributes visited by an `AttributeWalker`.
    static var attributeWalk: [UInt8] { PackageResources.attribute_walk_nix }

    /// The source of a file below `CorePackages.directory`; nil for other paths.
    static func file(_ path: [UInt8]) -> (name: String, source: [UInt8])? {
        if path == CorePackages.callFlake { return ("<nix/call-flake.nix>", PackageResources.call_flake_nix) }
        if path == CorePackages.flakeInputs { return ("<nix/flake-inputs.nix>", PackageResources.flake_inputs_nix) }
        if path == CorePackages.flakes { return ("<nix/get-flake.nix>", PackageResources.get_flake_nix) }
        if path == CorePackages.importedDerivation {
            return ("<nix/imported-derivation.nix>", PackageResources.imported_derivation_nix)
        }
        guard path == CorePackages.directory + Array("/fetchurl.nix".utf8) else { return nil }
        return ("<nix/fetchurl.nix>", PackageResources.fetchurl_nix)
    }
}
