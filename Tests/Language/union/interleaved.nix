# Unions whose keys alternate, contain one another, or share nothing; the right side wins, and both orders agree.
let
  set = step: count: value: builtins.listToAttrs (builtins.genList (i: { name = "k${toString (i * step)}"; inherit value; }) count);
  all = set 1 400 "all";
  even = set 2 200 "even";
  few = set 100 4 "few";
  count = s: builtins.length (builtins.attrNames s);
  values = s: builtins.foldl' (a: v: a // { ${v} = (a.${v} or 0) + 1; }) { } (builtins.attrValues s);
in
[
  (values (all // even))
  (values (even // all))
  (values (all // few))
  (values (few // all))
  (values ((even // few) // { new = "new"; }))
  (map (s: (s // all) == all) [ all even few { } ])
  (count ({ a = 1; } // { b = 1; } // { a = 2; } // { c = 1; }))
  (builtins.attrNames (removeAttrs few [ "k0" "k200" "nothing" ]))
  (builtins.intersectAttrs few even).k200
]
