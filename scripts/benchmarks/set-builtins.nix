# Builtins that make sets and lists of sets, with sets of 10, 1,000 and 50,000 attributes.
let
  indices = n: builtins.genList (i: i) n;
  rounds = n: f: builtins.foldl' (sum: i: sum + f i) 0 (indices (200000 / n));
  all = n:
    let
      name = i: "name${toString (i * 7919 - (i * 7919 / n) * n)}";
      list = map (i: { name = name i; value = i; }) (indices n);
      set = builtins.listToAttrs list;
      other = builtins.listToAttrs (map (i: { name = name (i * 2); value = i; }) (indices n));
      half = map (i: name (i * 2)) (indices (n / 2));
    in [
      (rounds n (i: (builtins.listToAttrs list).name1))
      (rounds n (i: (builtins.mapAttrs (name: value: value + i) set).name1))
      (rounds n (i: (removeAttrs set half).name0 or 1))
      (rounds n (i: (builtins.intersectAttrs set other).name2 or 1))
      (rounds n (i: (builtins.intersectAttrs { name1 = 1; name2 = 1; } set).name1))
      (rounds n (i: builtins.length (builtins.zipAttrsWith (name: values: values) [ set other ]).name0))
      (rounds n (i: builtins.length (builtins.attrNames (set // { name1 = i; }))))
      (rounds n (i: builtins.length (builtins.attrValues set)))
      (rounds n (i: builtins.length (builtins.catAttrs "value" list)))
    ];
in map all [ 10 1000 50000 ]
