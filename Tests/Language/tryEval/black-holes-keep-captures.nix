let
  f = n: let v = if n == 0 then throw "end" else f (n - 1); in v + n;
  x = f 10;
in [ (builtins.tryEval x).success (builtins.tryEval x).success (builtins.tryEval (f 3)).success ]
