# Failures kept by thunks outlive what is made after them, and those of thunks that are gone do not.
let
  numbers = builtins.genList (n: n) 300;
  failing = map (n: throw "number ${toString n}") numbers;
  caught = x: (builtins.tryEval x).success;
  passing = n: builtins.length (builtins.filter (x: caught x || caught (throw "new ${toString n}")) failing);
in builtins.foldl' (sum: n: sum + passing n) 0 [ 1 2 3 4 5 ]
