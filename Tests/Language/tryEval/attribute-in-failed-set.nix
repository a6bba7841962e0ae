let s = { a = 1; b = throw "b"; c = s.a; }; in [ (builtins.tryEval (builtins.deepSeq s 1)).success s.c ]
