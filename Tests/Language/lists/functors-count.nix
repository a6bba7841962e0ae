# A set with __functor is a function to every builtin that takes one.
let f = { __functor = self: x: x; }; in [ (map f [ 1 ]) (builtins.filter { __functor = s: x: x > 1; } [ 1 2 ]) (builtins.genList f 2) (builtins.all { __functor = s: x: true; } [ 1 ]) ]
