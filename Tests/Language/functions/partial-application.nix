let add3 = a: b: c: a + b + c; f = add3 1; g = f 2; in [ (g 3) (g 4) (f 10 10) (map (add3 1 1) [ 1 2 ]) ]
