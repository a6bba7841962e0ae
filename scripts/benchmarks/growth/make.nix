# From n = 200000: a large set is made of a list, mapped, narrowed, joined with another one, and listed.
n:
let
  name = i: "name${toString (i * 7919 - (i * 7919 / n) * n)}";
  made = builtins.listToAttrs (builtins.genList (i: { name = name i; value = i; }) n);
  mapped = builtins.mapAttrs (name: value: value + 1) made;
  narrowed = removeAttrs mapped (builtins.genList (i: name (i * 3)) (n / 3));
  common = builtins.intersectAttrs narrowed made;
  joined = narrowed // common;
  zipped = builtins.zipAttrsWith (name: values: builtins.length values) [ made mapped joined ];
in builtins.length (builtins.attrNames zipped) + builtins.foldl' (sum: value: sum + value) 0 (builtins.attrValues zipped)
