{ lib }:
let tree = { a = { x = 1; y.z = 2; }; b = 3; };
in
{
  update = lib.recursiveUpdate tree { a.y.w = 4; b = { c = 5; }; };
  mapped = lib.mapAttrsRecursive (path: value: lib.concatStringsSep "." path + "=" + toString value) tree;
  collected = lib.collect builtins.isInt tree;
  filtered = lib.filterAttrs (n: v: builtins.isInt v) tree;
  folded = lib.foldAttrs (v: acc: [ v ] ++ acc) [ ] [ { a = 1; } { a = 2; b = 3; } ];
  pairs = lib.mapAttrsToList (n: v: { inherit n; t = builtins.typeOf v; }) tree;
  paths = [ (lib.attrByPath [ "a" "y" "z" ] 0 tree) (lib.hasAttrByPath [ "a" "q" ] tree) (lib.getAttrFromPath [ "a" "x" ] tree) (lib.setAttrByPath [ "p" "q" ] 1) ];
  grouped = lib.groupBy (x: if x < 3 then "small" else "big") [ 1 5 2 7 ];
  zipped = lib.zipListsWith (a: b: a + b) [ 1 2 3 ] [ 10 20 ];
  unique = lib.unique [ 1 2 1 "a" "a" ];
  sorted = lib.sort (a: b: a.k < b.k) [ { k = 2; v = "x"; } { k = 1; v = "y"; } { k = 2; v = "z"; } ];
  lists = [ (lib.flatten [ 1 [ 2 [ 3 ] ] ]) (lib.range 3 6) (lib.take 2 [ 1 2 3 ]) (lib.drop 2 [ 1 2 3 ]) (lib.last [ 1 2 ]) (lib.init [ 1 2 ]) (lib.reverseList [ 1 2 3 ]) (lib.subtractLists [ 1 ] [ 1 2 ]) (lib.intersectLists [ 1 2 ] [ 2 3 ]) (lib.remove 1 [ 1 2 1 ]) (lib.imap0 (i: x: i * x) [ 5 6 ]) ];
  folds = [ (lib.foldr (x: acc: x - acc) 0 [ 1 2 3 ]) (lib.foldl (acc: x: acc - x) 0 [ 1 2 3 ]) (lib.foldl' builtins.add 0 (lib.range 1 1000)) ];
  cartesian = lib.cartesianProduct or lib.cartesianProductOfSets { a = [ 1 2 ]; b = [ "x" "y" ]; };
  named = lib.listToAttrs (map (n: lib.nameValuePair n (builtins.stringLength n)) [ "one" "three" ]);
  inverted = lib.mapAttrs' (n: v: lib.nameValuePair (n + "!") v) { a = 1; b = 2; };
}
