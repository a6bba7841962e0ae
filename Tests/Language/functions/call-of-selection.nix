let s = { f = x: x + 1; g.h = a: b: a + b; }; in [ (s.f 1) (s.g.h 1 2) (s.none or (x: x) 5) ]
