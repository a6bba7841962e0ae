[ (builtins.seq 1 2) (builtins.seq [ (throw "inside") ] 3) (builtins.seq { a = throw "x"; } 4) ]
