# From n = 150000: many sets share a large one, and most of them are looked at once.
n:
let
  large = builtins.listToAttrs (builtins.genList (i: { name = "k${toString i}"; value = i; }) 4000);
  grown = builtins.foldl' (acc: i: acc // { ${"g${toString i}"} = i; }) large (builtins.genList (i: i) 500);
  one = i: let set = { below = i; } // grown // { above = i; }; in set.below + set.k77 + set.above;
in builtins.foldl' (sum: i: sum + one i) 0 (builtins.genList (i: i) n)
