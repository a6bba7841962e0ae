# Each result is forced as it comes; here the first throws.
builtins.foldl' (a: b: if b == 1 then throw "strict" else b) 0 [ 1 2 ]
