let nest = n: builtins.foldl' (acc: i: [ acc ]) [ ] (builtins.genList (i: i) n); in [ (nest 1000000 == nest 1000000) (nest 1000000 == nest 1000001) ]
