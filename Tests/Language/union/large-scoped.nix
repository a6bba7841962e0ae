let
  base = builtins.listToAttrs (builtins.genList (i: { name = "k${toString i}"; value = i; }) 150);
in
builtins.scopedImport (base // { a = 100; k3 = 1000; }) ./data/scoped
