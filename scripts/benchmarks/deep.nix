# Non-tail recursion, as deep as C++ Nix stands with its usual stack, over and over.
let
  down = n: if n == 0 then 0 else 1 + down (n - 1);
in builtins.foldl' (a: r: a + down 4000) 0 (builtins.genList (r: r) 1600)
