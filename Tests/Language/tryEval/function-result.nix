let f = x: if x then throw "t" else "f"; in [ (builtins.tryEval (f true)).success (builtins.tryEval (f false)).value ]
