# Strict folds, maps and filters over lists.
let
  numbers = builtins.genList (i: i) 1000000;
  sum = builtins.foldl' (a: b: a + b) 0;
  rounds = builtins.genList (r: sum (map (x: x * r) (builtins.filter (x: x / 2 * 2 == x) numbers))) 5;
in sum rounds
