# differs from 2.8.0: a store path that was computed can be read, though nothing is written to a store
let
  tree = builtins.path { path = ./data; name = "tree"; };
  filtered = builtins.filterSource (path: type: baseNameOf path != "sub") ./data/dir;
in
{
  readFile = builtins.readFile "${./data}/text.txt";
  single = builtins.readFile "${./data/text.txt}";
  text = builtins.readFile (builtins.toFile "a" "b");
  readDir = builtins.readDir tree;
  filtered = builtins.readDir filtered;
  import = import "${../import/data}/folder";
  relative = import "${../import/data}/one.nix";
  type = builtins.readFileType "${tree}/dir";
  hash = builtins.hashFile "sha256" "${tree}/text.txt" == builtins.hashFile "sha256" ./data/text.txt;
  again = builtins.path { path = "${tree}/dir"; name = "dir"; } == builtins.path { path = ./data/dir; name = "dir"; };
  exists = map builtins.pathExists [ "${tree}/dir" "${tree}/dir/" "${tree}/none" "${filtered}/sub" "${filtered}/a.nix" "${tree}/text.txt/x" ];
}
