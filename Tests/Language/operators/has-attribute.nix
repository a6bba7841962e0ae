let s = { a.b.c = 1; "x y" = 2; n = null; }; k = "a"; in [ (s ? a) (s ? b) (s ? a.b) (s ? a.b.c) (s ? a.b.d) (s ? a.b.c.d) (s ? "x y") (s ? ${k}) (s ? n) (s ? n.m) (1 ? a) ([ ] ? a) (s ? a.x.y) ]
