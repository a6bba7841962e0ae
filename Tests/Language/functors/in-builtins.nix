let f = { __functor = self: x: x > 1; }; in [ (builtins.filter f [ 1 2 3 ]) (builtins.any f [ 1 2 ]) (builtins.all f [ 1 2 ]) (builtins.genList { __functor = _: i: i * i; } 4) ]
