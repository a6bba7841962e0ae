# builtins.storePath: a path and what it lies in, built or not.
let
  d = derivation { name = "a"; system = "s"; builder = "/b"; };
  f = builtins.toFile "f" "x";
  inherit (builtins) storePath getContext;
  store = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-foo";
in
[
  (storePath store)
  (getContext (storePath store))
  (storePath (/. + store))
  (storePath { outPath = store; })
  (storePath f == f && getContext (storePath f) == getContext f)
  (storePath "${d}" == "${d}")
  (builtins.attrValues (getContext (storePath "${d}")))
  (builtins.attrValues (getContext (storePath d.drvPath)))
  (derivation { name = "b"; system = "s"; builder = "/b"; src = storePath store; }).drvPath
]
