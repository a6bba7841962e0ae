# A function equals nothing, not even itself.
let f = x: x; in [ (f == f) (f == (x: x)) (builtins.add == builtins.add) (f != f) ]
