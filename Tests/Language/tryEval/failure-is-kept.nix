# A thunk keeps a failure that was caught, and so do those that needed it.
let
  inner = builtins.trace "inner" (throw "no");
  outer = builtins.trace "outer" [ 1 ] ++ inner;
  caught = x: (builtins.tryEval x).success;
in [ (caught outer) (caught outer) (caught inner) (caught (outer ++ [ 2 ])) ]
