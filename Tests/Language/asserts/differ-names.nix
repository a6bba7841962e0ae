# differs from 2.8.0: the newest Nix says how asserted values differ
assert { a = 1; b = 2; } == { a = 1; c = 2; }; 1
