let
  path = "/nix/store/00000000000000000000000000000000-x";
  drv = "/nix/store/00000000000000000000000000000000-x.drv";
in map builtins.getContext [
  (builtins.appendContext "a" { ${path} = { path = true; }; })
  (builtins.appendContext "a" { ${path} = { path = false; }; ${drv} = { allOutputs = true; path = true; outputs = [ "b" "a" "b" ]; }; })
  (builtins.appendContext (builtins.appendContext "a" { ${path}.path = true; }) { ${drv}.outputs = [ "out" ]; })
  (builtins.appendContext "a" { })
]
