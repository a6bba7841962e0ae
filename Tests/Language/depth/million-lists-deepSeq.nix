let nest = n: builtins.foldl' (acc: i: [ acc ]) [ ] (builtins.genList (i: i) n); in builtins.deepSeq (nest 1000000) "done"
