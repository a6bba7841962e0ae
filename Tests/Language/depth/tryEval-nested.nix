let f = n: if n == 0 then throw "bottom" else (builtins.tryEval (f (n - 1))).success && throw "x"; in (builtins.tryEval (f 100000)).success
