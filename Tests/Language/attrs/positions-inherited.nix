# differs from 2.8.0: the newest Nix knows where inherited names stand
let
  p = n: s: let x = builtins.unsafeGetAttrPos n s; in [ x.line x.column ];
  x = 1; s = { y = 2; z = 3; };
  a = { inherit x; inherit (s) y
      z; };
in [ (p "x" a) (p "y" a) (p "z" a) ]
