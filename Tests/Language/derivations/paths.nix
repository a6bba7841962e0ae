let d = derivation { name = "p"; system = "s"; builder = "/b"; src = ./data/tree; file = ./data/tree/file; }; in
[ "${./data/tree}" "${./data/tree/file}" d.drvPath
  (builtins.path { path = ./data/tree; name = "renamed"; })
  (builtins.path { path = ./data/tree; filter = path: type: type != "directory" && baseNameOf path != "file"; })
  (builtins.path { path = ./data/tree/file; recursive = false; })
  (builtins.filterSource (path: type: type == "directory" || baseNameOf path == "inner") ./data/tree)
  (builtins.hashFile "sha256" ./data/tree/file)
  (builtins.toJSON { p = ./data/tree/file; }) ]
