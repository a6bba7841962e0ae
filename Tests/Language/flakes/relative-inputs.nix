# differs from 2.8.0: builtins.getFlake needs no experimental feature here; relative inputs belong to their flake's tree
let
  flake = builtins.getFlake (toString ./data/subdir);
in
{ inherit (flake) name file; isSame = flake.inputs.dep.sourceInfo.outPath == flake.outPath; }
