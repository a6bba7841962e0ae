# differs from 2.8.0: the newest Nix says how asserted values differ
assert { a = 1; } == { }; 1
