let nest = builtins.foldl' (acc: i: { __functor = acc; }) (self: x: "called") (builtins.genList (i: i) 1000000); in builtins.isAttrs nest
