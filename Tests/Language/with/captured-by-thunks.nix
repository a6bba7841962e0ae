let s = with { a = 1; }; { v = a; }; in with { a = 2; }; s.v
