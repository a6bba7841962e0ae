# differs from 2.8.0: the newest Nix prints what is not evaluated as «thunk»; a list of literals is a value at once
builtins.trace { a = 1; b = [ 1 2 ]; c = map (x: x) [ 1 ]; } 1
