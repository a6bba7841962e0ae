let down = n: if n == 0 then 0 else 1 + down (n - 1); in builtins.foldl' (a: b: a + down b) 0 [ 500000 1 2 ]
