# Sets with type = "derivation" are compared by outPath alone.
let d = o: x: { type = "derivation"; outPath = o; inherit x; }; in [ (d "a" 1 == d "a" 2) (d "a" 1 == d "b" 1) (d "a" (throw "x") == d "a" (throw "y")) ({ type = "x"; outPath = "a"; y = 1; } == { type = "x"; outPath = "a"; y = 2; }) ]
