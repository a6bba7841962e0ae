# The packages of one chunk of the paths that attrpaths.nix gives, as sets into which `nix-env` descends.
{ nixpkgs, attrpathFile, chunkSize, myChunk, systems, checkMeta ? true, includeBroken ? true }:
let
  pkgs = import nixpkgs {
    system = builtins.head systems;
    overlays = [ ];
    config = {
      inherit checkMeta;
      allowBroken = includeBroken;
      allowUnfree = includeBroken;
      allowInsecurePredicate = package: true;
      inHydra = true;
      # Attributes of meta that are unknown are let pass: older sets have them.
      handleEvalIssue = reason: message:
        if reason == "unsupported" || !includeBroken && (reason == "broken" || reason == "unfree") then throw message
        else true;
    };
  };

  all = builtins.fromJSON (builtins.readFile attrpathFile);
  first = chunkSize * myChunk;
  count = builtins.length all;
  size = if first + chunkSize > count then count - first else chunkSize;
  paths = builtins.genList (index: builtins.elemAt all (first + index)) size;

  # The members of a set that lie on one of the paths, of which the first `depth` names lead to the set.
  selected = depth: paths: set:
    builtins.mapAttrs
      (name: below:
        if builtins.any (path: builtins.length path == depth + 1) below then set.${name}
        else selected (depth + 1) below set.${name} // { recurseForDerivations = true; })
      (builtins.groupBy (path: builtins.elemAt path depth) paths);
in
selected 0 paths pkgs
