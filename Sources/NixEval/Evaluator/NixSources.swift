import NixStore
import NixVM

/// What comes with the evaluator written in Nix.
enum NixSources {
    /// `derivation`: what `derivationStrict` computes, as a set whose parts are computed when asked for.
    ///
    /// The set of each output has the arguments, the sets of all outputs by name, and what is its own.
    static let derivation = """
        arguments@{
          outputs ? [ "out" ],
          ...
        }:
        let
          paths = derivationStrict arguments;
          ofOutput = output: {
            name = output;
            value = shared // {
              outPath = paths.${output};
              drvPath = paths.drvPath;
              type = "derivation";
              outputName = output;
            };
          };
          pairs = map ofOutput outputs;
          shared = arguments // builtins.listToAttrs pairs // {
            all = map (pair: pair.value) pairs;
            drvAttrs = arguments;
          };
        in
        (builtins.head pairs).value
        """

    /// What positions call it.
    static let derivationName = "«nix-internal»/derivation-internal.nix"

    /// `<nix/fetchurl.nix>`: a derivation for the builder that comes with Nix. Its attributes are what that builder
    /// reads, and what gives it the same path as from C++ Nix.
    private static let fetchurl = """
        {
          system ? "",
          url,
          hash ? "",
          md5 ? "",
          sha1 ? "",
          sha256 ? "",
          sha512 ? "",
          # The first that is given, and how it was made; an SRI hash says that itself.
          outputHash ?
            if hash != "" then hash
            else builtins.head (builtins.filter (text: text != "") [ sha512 sha1 md5 ] ++ [ sha256 ]),
          outputHashAlgo ?
            if hash != "" then "" else if sha512 != "" then "sha512" else if sha1 != "" then "sha1"
            else if md5 != "" then "md5" else "sha256",
          executable ? false,
          unpack ? false,
          name ? baseNameOf (toString url),
          impure ? false,
        }:
        derivation ({
          builder = "builtin:fetchurl";
          system = "builtin";
          inherit name url executable unpack;
          urls = [ url ];
          outputHashMode = if executable || unpack then "recursive" else "flat";
          preferLocalBuild = true;
          impureEnvVars = [ "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy" ];
        } // (if impure then { __impure = true; } else { inherit outputHash outputHashAlgo; }))
        """

    /// A derivation of what its file says: the set of an output by its attributes and those of all.
    private static let importedDerivation = """
        { name, drvPath, outputs, ... }@attributes:
        let
          ofOutput = output: {
            name = output;
            value = shared // {
              outPath = attributes.${output};
              outputName = output;
            };
          };
          pairs = map ofOutput outputs;
          shared = builtins.listToAttrs pairs // {
            all = map (pair: pair.value) pairs;
            inherit drvPath name;
            type = "derivation";
          };
        in
        (builtins.head pairs).value
        """

    /// The source of a file below `CorePackages.directory`; nil for another path.
    static func file(_ path: [UInt8]) -> (name: String, source: [UInt8])? {
        if path == CorePackages.flakes { return ("<nix/get-flake.nix>", Array(FlakeSource.getFlake.utf8)) }
        if path == CorePackages.importedDerivation {
            return ("<nix/imported-derivation.nix>", Array(importedDerivation.utf8))
        }
        guard path == CorePackages.directory + Array("/fetchurl.nix".utf8) else { return nil }
        return ("<nix/fetchurl.nix>", Array(fetchurl.utf8))
    }
}
