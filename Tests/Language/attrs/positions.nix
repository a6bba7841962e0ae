# Where attributes stand, and which builtins keep that.
let
  p = n: s: let x = builtins.unsafeGetAttrPos n s; in if x == null then null else [ x.line x.column ];
  a = { d = 1; ${"e" + ""} = 2; f.g = 3; f.h = 4;
    ${"n"}.${"m"} = 1; lit.${"u"} = 3; };
in [
  (p "d" a) (p "e" a) (p "f" a) (p "g" a.f) (p "h" a.f) (p "n" a) (p "m" a.n) (p "lit" a) (p "u" a.lit) (p "x" a)
  (p "v" (builtins.listToAttrs [ { name = "v"; value = 1; } ])) (p "d" (builtins.mapAttrs (n: v: v) a))
  (p "e" (a // { z = 1; })) (p "d" (removeAttrs a [ "e" ])) (p "d" (builtins.intersectAttrs { d = 1; } a))
  (p "d" (builtins.zipAttrsWith (n: v: v) [ a ])) (p "k" (builtins.fromJSON "{\"k\":1}"))
  (p "x" (builtins.functionArgs ({ x ? 1, y }: x)))
]
