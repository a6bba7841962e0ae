# differs from 2.8.0: the newest Nix says what compared
builtins.sort builtins.lessThan [ 1 "a" ]
