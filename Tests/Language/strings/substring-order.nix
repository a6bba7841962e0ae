# differs from 2.8.0: the newest Nix takes any start and length
# A start below zero is found before the length is looked at; a length of zero takes any string.
[ (builtins.substring 0 0 "abc") (builtins.substring 5 2 "abc") (builtins.substring 1 (-1) "abc") (builtins.substring 1 9223372036854775807 "abc") (builtins.substring 9223372036854775807 1 "abc") ]
