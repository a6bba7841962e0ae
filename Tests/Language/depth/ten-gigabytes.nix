# One megabyte stays alive; each step makes a list of 800 kB, thirteen thousand times.
let
  kept = builtins.genList (i: i) 100000;
in
builtins.deepSeq kept (
  builtins.foldl' (sum: i: sum + builtins.length (kept ++ [ i ])) 0 (builtins.genList (i: i) 13000)
)
