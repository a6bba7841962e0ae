# Failures that wait for their texts, and thunks that failed with them, stay right while memory is collected.
let
  garbage = n: builtins.length (builtins.genList (x: [ x "s${toString x}" ]) n) + builtins.foldl' (a: b: a + b) 0 (builtins.genList (x: x) n);
  nest = d: if d == 0 then throw "bottom" else builtins.addErrorContext "level ${toString d} ${toString (garbage 3000)} ${toString (builtins.tryEval (builtins.addErrorContext "in ${toString (garbage 10)}" (throw "q"))).success}" (nest (d - 1) + 1);
  shared = nest 60;
in
builtins.foldl' (a: i: a + (if (builtins.tryEval shared).success then 1 else 0) + (if (builtins.tryEval (nest 40)).success then 1 else 0)) 0 (builtins.genList (x: x) 20)
