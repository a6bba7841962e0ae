# Transitive closures of a graph, with genericClosure.
let
  node = i: { key = i; };
  modulo = n: m: n - n / m * m;
  reach = start: builtins.length (builtins.genericClosure {
    startSet = [ (node start) ];
    operator = x: [ (node (modulo (x.key * 2 + 1) 5000)) (node (modulo (x.key * 3 + 2) 5000)) ];
  });
in builtins.foldl' (a: i: a + reach i) 0 (builtins.genList (i: i) 600)
