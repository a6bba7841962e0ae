let f = n: if n == 0 then throw "bottom" else 1 + f (n - 1); in (builtins.tryEval (f 1000000)).success
