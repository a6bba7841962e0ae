# Closures of a few and of many strings.
map (import ./growth/closure-strings.nix) (builtins.genList (i: 10) 2000 ++ [ 300 1000 80000 ])
