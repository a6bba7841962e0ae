# differs from 2.8.0: the newest Nix says how asserted values differ
assert { a = false; } == { a = null; }; 1
