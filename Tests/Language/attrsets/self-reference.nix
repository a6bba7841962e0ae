let s = { a = 1; b = s.a + 1; inherit (s) c; } // { c = 3; }; in [ s.b s.c ]
