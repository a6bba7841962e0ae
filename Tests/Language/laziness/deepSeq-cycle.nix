let s = { a = 1; self = s; l = [ s ]; }; in builtins.deepSeq s "ends"
