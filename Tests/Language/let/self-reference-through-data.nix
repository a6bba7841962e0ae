let l = [ 1 l ]; s = { n = 1; inherit s; }; in [ (builtins.head (builtins.elemAt l 1)) s.s.s.n ]
