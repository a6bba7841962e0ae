builtins.tryEval (builtins.sort (a: b: throw "x") [ 1 2 ])
