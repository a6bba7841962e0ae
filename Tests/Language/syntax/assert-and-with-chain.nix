let s = { x = 1; }; in assert true; with s; if x == 1 then let y = x; in y else 2
