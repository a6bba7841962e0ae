# Positions of attributes in a union are those of the definitions that won.
let
  base = builtins.listToAttrs (builtins.genList (i: { name = "k${toString i}"; value = i; }) 200);
  first = base // {
    a = 1;
    k3 = 1;
  };
  second = {
    a = 2;
    u = 2;
  } // first // {
    b = 3;
  };
  line = name: set: (builtins.unsafeGetAttrPos name set).line or null;
  lines = set: map (name: line name set) [ "a" "b" "u" "k3" "k4" "nothing" ];
in
[ (lines first) (lines second) (builtins.seq (builtins.attrNames second) (lines second)) (lines (second // { k4 = 1; })) (lines (removeAttrs second [ "k9" ])) (lines (builtins.mapAttrs (n: v: v) second)) (lines (builtins.intersectAttrs { a = 1; u = 1; k3 = 1; } second)) ]
