# differs from 2.8.0: the newest Nix says what was found
(x: x) 1 2
