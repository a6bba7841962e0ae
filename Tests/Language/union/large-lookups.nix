# Everything that looks up names in a union of a large set and small ones.
let
  base = builtins.listToAttrs (builtins.genList (i: { name = "k${toString i}"; value = i; }) 400);
  set = { under = "under"; k0 = "hidden"; } // (base // { over = "over"; k1 = "replaced"; lazy = throw "lazy"; });
  function = { k0, k1, over, under, missing ? "default", lazy ? 1, ... }@all: [ k0 k1 over under missing (all ? lazy) ];
  name = "k3";
in
[
  (set.k0 + set.k399)
  [ set.k1 set.over set.under ]
  (with set; [ k0 k1 over under k399 ])
  { inherit (set) k1 under k7; }
  [ (set ? k1) (set ? over) (set ? under) (set ? nothing) (set ? lazy) ]
  [ (set.nothing or "or") (set.k2 or "or") (set.under.deeper or "or") ]
  [ set.${name} (set ? ${name}) (set.${"no" + name} or "or") ]
  (function set)
  (builtins.functionArgs function)
  [ (builtins.getAttr "over" set) (builtins.hasAttr "k400" set) ]
  (builtins.tryEval set.lazy)
  (builtins.tryEval (set // { lazy = "now"; }).lazy)
  (({ __functor = self: argument: self.k5 + argument; } // base) 10)
  "${base // { __toString = self: "string of ${toString self.k9}"; }}"
  (let inherit (set // { k4 = "again"; }) k4 k6; in [ k4 k6 ])
  (rec { inherit (set) k8; k9 = k8 + 1; })
]
