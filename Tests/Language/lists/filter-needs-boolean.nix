# differs from 2.8.0: the newest Nix says what was found
builtins.filter (x: 1) [ 1 ]
