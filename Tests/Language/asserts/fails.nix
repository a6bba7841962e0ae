# differs from 2.8.0: the newest Nix says how asserted values differ
let x = 1; in assert x == 2; "never"
