# Chains of unions on a large set, far deeper than any fixed number of sets: every operation sees one set, of which the
# last union wins.
let
  indices = n: builtins.genList (i: i) n;
  base = builtins.listToAttrs (map (i: { name = "k${toString i}"; value = i; }) (indices 300));
  grown = builtins.foldl' (acc: i: acc // { ${"g${toString i}"} = i; ${"k${toString i}"} = "new ${toString i}"; }) base (indices 250);
  below = builtins.foldl' (acc: i: { ${"b${toString i}"} = i; k7 = "hidden"; g3 = "hidden"; } // acc) grown (indices 40);
  replaced = builtins.foldl' (acc: i: acc // { k1 = acc.k1 + i; }) base (indices 1000);
  both = below // (base // { k5 = "base"; });
  count = s: builtins.length (builtins.attrNames s);
in
{
  counts = map count [ base grown below replaced both ];
  values = [ grown.k3 grown.k260 grown.g249 below.k7 below.g3 below.b39 replaced.k1 both.k3 both.k5 both.g3 ];
  order = builtins.attrNames below == builtins.sort builtins.lessThan (builtins.attrNames below);
  first = builtins.head (builtins.attrNames below);
  sum = builtins.foldl' builtins.add 0 (builtins.filter builtins.isInt (builtins.attrValues below));
  mapped = (builtins.mapAttrs (name: value: "${name}=${toString value}") below).g249;
  removed = count (removeAttrs below (builtins.attrNames base));
  common = count (builtins.intersectAttrs below base);
  few = builtins.intersectAttrs { k3 = 1; b2 = 1; nothing = 1; } below;
  zipped = (builtins.zipAttrsWith (name: values: values) [ below grown base ]).k3;
  caught = builtins.catAttrs "b1" [ below grown below ];
  deep = builtins.deepSeq below "forced";
  hash = builtins.hashString "md5" (builtins.toJSON below);
  xml = builtins.hashString "md5" (builtins.toXML below);
}
