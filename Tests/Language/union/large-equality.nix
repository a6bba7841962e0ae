# A union equals any set with the same attributes, however either was made, and is itself to functions in it.
let
  base = builtins.listToAttrs (builtins.genList (i: { name = "k${toString i}"; value = i; }) 300);
  union = base // { f = x: x; };
  other = union // { g = 1; };
in
[
  (base // { a = 1; } == { a = 1; } // base)
  (base // { a = 1; } == base // { a = 1.0; })
  (base // { a = 1; } == base // { a = 2; })
  (base // { a = 1; } == base // { b = 1; })
  (base // { k1 = 1; } == base)
  (base // { k1 = 2; } == base)
  (union == union)
  ([ union ] == [ union ])
  ([ union ] == [ (union // { }) ])
  ([ union ] == [ (union // { k1 = 1; }) ])
  (other == other)
  (builtins.deepSeq union ([ union ] == [ union ]))
  (builtins.elem other [ union other ])
  (builtins.attrNames other != [ ] && [ other ] == [ other ])
  ((base // { type = "derivation"; outPath = "a"; x = 1; }) == (base // { type = "derivation"; outPath = "a"; x = 2; }))
  ([ (base // { a = 1; }) ] < [ (base // { a = 1; }) 1 ])
]
