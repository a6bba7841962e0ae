let s = builtins.trace "forced" { a = 1; b = 2; }; r = { inherit (s) a b; }; in r.a + r.b
