# Attributes with computed names, in sets of 10 to 100,000 and in unions of them.
let
  indices = n: builtins.genList (i: i) n;
  name = i: "attribute${toString i}";
  make = n: builtins.listToAttrs (map (i: { name = name i; value = i; }) (indices n));
  sum = n: count: let set = make n; union = set // { last = 0; }; names = map name (indices n); in
    builtins.foldl' (a: round: builtins.foldl' (a: name: a + set.${name} + union.${name}) a names) 0 (indices count);
in [ (sum 10 20000) (sum 1000 200) (sum 20000 10) (sum 100000 2) ]
