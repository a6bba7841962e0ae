# `+` copies a path to the store only if its left operand is a string.
let
  derivation = { outPath = "/nix/store/x"; };
  path = { outPath = /no/such/file; };
  text = { __toString = _: "a"; };
in
[ (derivation + /no/such) (text + /b) (path + "/c") (derivation + derivation) (text + text) ("q" + text) ]
