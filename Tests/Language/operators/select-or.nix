let s = { a.b = 1; n = null; }; in [ (s.a.b or 2) (s.a.c or 2) (s.x.y.z or 2) (s.n.x or 2) (s.a.b.c or 2) (s.a or 2) ]
