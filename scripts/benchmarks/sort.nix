# Sorting numbers, strings and records, with builtin and written comparisons.
let
  next = x: (x * 1103515245 + 12345) - ((x * 1103515245 + 12345) / 2147483648) * 2147483648;
  numbers = (builtins.foldl' (s: _: { seed = next s.seed; list = [ s.seed ] ++ s.list; }) { seed = 42; list = [ ]; } (builtins.genList (i: i) 2500)).list;
  strings = map toString numbers;
  records = map (n: { key = n; name = toString n; }) numbers;
  round = r: [
    (builtins.head (builtins.sort builtins.lessThan numbers))
    (builtins.head (builtins.sort builtins.lessThan strings))
    (builtins.head (builtins.sort (a: b: a.key < b.key) records)).name
  ];
in map round (builtins.genList (r: r) 220)
