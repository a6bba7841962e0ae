# differs from 2.8.0: builtins.getFlake needs no experimental feature here
let
  flake = builtins.getFlake "path:${toString ./data/simple}?lastModified=1";
in
{
  inherit (flake) value again file _type lastModified narHash;
  isPlace = flake.here == flake.outPath && flake.sourceInfo.outPath == flake.outPath;
  names = builtins.attrNames flake;
  outputs = builtins.attrNames flake.outputs;
  inherit (flake) inputs;
}
