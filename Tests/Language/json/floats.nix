# differs from 2.8.0: the newest Nix prints all digits that are needed, and always a point or exponent
map builtins.toJSON [ 1.0 1.5 0.1 (1.0 / 3) 1.0e10 1.0e22 1.0e-7 123456789.123 ]
