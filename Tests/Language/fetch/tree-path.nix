# differs from 2.8.0: builtins.fetchTree needs no experimental feature here
let
  tree = builtins.fetchTree { type = "path"; path = toString ./data/tree; lastModified = 86400; };
in
{
  inherit (tree) narHash lastModified lastModifiedDate outPath;
  file = builtins.readFile "${tree}/file";
}
