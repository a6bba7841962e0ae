# A set grows to 9,000 attributes by three at a time; then each of many sets adds one to it.
let
  step = acc: i: acc // { ${"a${toString i}"} = i; ${"b${toString i}"} = i; ${"c${toString i}"} = acc.${"c${toString (i / 2)}"} or i; };
  grown = builtins.foldl' step { } (builtins.genList (i: i) 3000);
  sum = builtins.foldl' (sum: i: sum + (grown // { new = i; }).new) 0 (builtins.genList (i: i) 2000);
in [ (builtins.length (builtins.attrNames grown)) grown.c2999 sum ]
