# differs from 2.8.0: the newest Nix says what was found
builtins.sort (a: b: 1) [ 1 2 ]
