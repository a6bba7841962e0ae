# differs from 2.8.0: the newest Nix quotes names that are no identifiers
{ "a b" = 1; }."c d"
