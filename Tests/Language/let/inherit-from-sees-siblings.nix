let inherit (s) x; s = { x = y; }; y = 3; in x
