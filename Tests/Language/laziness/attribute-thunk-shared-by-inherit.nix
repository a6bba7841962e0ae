let s = { a = builtins.trace "forced" 1; }; t = { inherit (s) a; }; in [ s.a t.a ]
