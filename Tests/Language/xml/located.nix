{ a = 1; b = map (x: x) [ 1 ]; f = { y, x ? 1 }@z: 1; g = x: x; t = 1 + 1; n.m = 2; }
