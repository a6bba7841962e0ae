# A list that is copied while it is being forced in depth, and fails then, fails again when the copy is forced.
let
  list = [ (builtins.seq copy (throw "x")) ];
  copy = (x: x) list;
  again = builtins.head [ list ];
in
map (x: (builtins.tryEval (builtins.deepSeq x 1)).success) [ list copy again list copy ]
