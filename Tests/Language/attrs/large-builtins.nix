# Builtins that make sets, with sizes below and above those for which they change their way.
let
  indices = n: builtins.genList (i: i) n;
  # Names whose order differs from the order in which they come up.
  name = n: i: "n${toString (i * 7919 - (i * 7919 / n) * n)}";
  set = n: builtins.listToAttrs (map (i: { name = name n i; value = i; }) (indices n));
  doubled = n: builtins.listToAttrs (map (i: { name = name n (i / 2); value = i; }) (indices (2 * n)));
  half = n: map (i: name n (2 * i)) (indices (n / 2));
  all = n: {
    made = set n;
    first = doubled n;
    removed = removeAttrs (set n) (half n ++ [ "nothing" "n0" "n0" ]);
    kept = removeAttrs (set n) [ "nothing" ];
    common = builtins.intersectAttrs (removeAttrs (set n) (half n)) (doubled n);
    few = builtins.intersectAttrs { n1 = 1; n0 = 1; x = 1; } (set n);
    many = builtins.intersectAttrs (set n) { n1 = 1; n0 = 1; x = 1; };
    zipped = builtins.zipAttrsWith (name: values: [ name values ]) [ (set n) { n1 = "x"; y = "y"; } (doubled n) { } (removeAttrs (set n) (half n)) ];
    grouped = builtins.groupBy (i: name n (i / 3)) (indices n);
    caught = builtins.catAttrs "n1" [ (set n) { } (doubled n) ];
  };
in
map (n: builtins.mapAttrs (name: value: if n < 9 then value else builtins.hashString "md5" (builtins.toJSON value)) (all n)) [ 2 8 9 64 600 5000 ]
