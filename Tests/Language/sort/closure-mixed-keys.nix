# differs from 2.8.0: the newest Nix says which elements were compared
builtins.genericClosure { startSet = [ { key = 1; } { key = 2; } { key = "a"; } ]; operator = x: [ ]; }
