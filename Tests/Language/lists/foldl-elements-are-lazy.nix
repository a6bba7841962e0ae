builtins.foldl' (a: b: a) 0 [ (throw "x") ]
