# A selection with a default whose attribute is a thunk gives its value wherever the budget is looked at between.
let
  loop = n: if n == 0 then 0 else loop (n - 1);
  make = i: { b = i; };
  one = i: let r = { a = make i; }; in (r.a or { b = -1; }).b + loop (i - i / 7 * 7);
in builtins.foldl' (s: i: s + one i) 0 (builtins.genList (i: i) 50000)
