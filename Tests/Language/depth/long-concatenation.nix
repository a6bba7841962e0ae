builtins.length (builtins.foldl' (a: b: a ++ [ b ]) [ ] (builtins.genList (i: i) 1000))
