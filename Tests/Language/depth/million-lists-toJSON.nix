let nest = n: builtins.foldl' (acc: i: [ acc ]) [ ] (builtins.genList (i: i) n); in builtins.stringLength (builtins.toJSON (nest 1000000))
