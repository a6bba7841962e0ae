let
  base = builtins.listToAttrs (builtins.genList (i: { name = "k${toString i}"; value = i; }) 150);
in
({ k1, ... }: { k2, a }: a) base (base // { a = 1; })
