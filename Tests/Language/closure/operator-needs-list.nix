# differs from 2.8.0: the newest Nix says what was found
builtins.genericClosure { startSet = [ { key = 1; } ]; operator = x: x; }
