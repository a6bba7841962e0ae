# differs from 2.8.0: the newest Nix says how asserted values differ
assert [ 1 2 ] == [ 1 ]; 1
