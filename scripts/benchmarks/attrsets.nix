# Literals, selections and updates of small sets.
let
  step = s: i: let t = { a = s.a + 1; b = s.b + i; c.d = { e = s.c.d.e + 1; }; }; in builtins.seq (t.a + t.b + t.c.d.e) (s // { inherit (t) a b c; last = t.c.d.e; });
  result = builtins.foldl' step { a = 0; b = 0; c.d.e = 0; last = 0; } (builtins.genList (i: i) 600000);
in [ result.a result.b result.c.d.e result.last ]
