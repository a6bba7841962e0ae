# From n = 15000: a set grows by one attribute at a time, and each step looks at the set.
n:
let
  step = acc: i: acc // { ${"k${toString i}"} = acc.${"k${toString (i / 2)}"} or 0 + 1; };
  grown = builtins.foldl' step { } (builtins.genList (i: i) n);
in builtins.length (builtins.attrNames grown) + grown.${"k${toString (n - 1)}"}
