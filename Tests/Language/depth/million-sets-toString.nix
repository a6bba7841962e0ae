let nest = n: builtins.foldl' (acc: i: { outPath = acc; }) "end" (builtins.genList (i: i) n); in toString (nest 1000000)
