let nest = n: builtins.foldl' (acc: i: [ acc ]) [ n ] (builtins.genList (i: i) 1000000); in [ (nest 1 < nest 2) (nest 2 < nest 1) ]
