# A union is printed as the set that it is, once.
let
  base = builtins.listToAttrs (builtins.genList (i: { name = "k${toString i}"; value = i; }) 150);
  union = { z = 1; } // base // { a = [ 1 ]; k100 = { b = 2; }; };
in
{ inherit union; again = union; other = union // { }; forced = builtins.deepSeq union [ union.k100 ]; }
