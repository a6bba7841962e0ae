# differs from 2.8.0: the newest Nix says how asserted values differ
assert { a = [ 1 { b = "x"; } ]; } == { a = [ 1 { b = "y"; } ]; }; 1
