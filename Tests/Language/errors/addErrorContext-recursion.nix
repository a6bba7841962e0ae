# differs from 2.8.0: the newest Nix shows the outermost line first
let
  a = builtins.addErrorContext "of a, ${toString 1}" (b + 1);
  b = builtins.addErrorContext "of b, ${toString 2}" (a + 1);
in
a
