# The builtin comparison on numbers, strings, lists and paths.
[
  (builtins.sort builtins.lessThan [ 5 3 9 (-1) 3 0 ])
  (builtins.sort builtins.lessThan [ "b" "" "a" "ab" "B" ])
  (builtins.sort builtins.lessThan [ 2 1.5 (1 + 0) 3.25 ])
  (builtins.sort builtins.lessThan [ [ 2 ] [ 1 5 ] [ ] ])
  (builtins.tryEval (builtins.length (builtins.sort builtins.lessThan [ 3 (throw "x") ]))).success
  (builtins.length (builtins.sort builtins.lessThan (builtins.genList (i: (i * 7919) - (i * 7919) / 1009 * 1009) 2000)))
]
