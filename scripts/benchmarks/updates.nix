# A growing set is updated one name at a time, and large sets are joined.
let
  names = builtins.genList (i: "name${toString i}") 4000;
  grown = builtins.foldl' (s: n: s // { ${n} = n; }) { } names;
  large = builtins.listToAttrs (map (name: { inherit name; value = 1; }) names);
  joined = builtins.foldl' (s: i: (s // large) // { x = i; }) { } (builtins.genList (i: i) 28000);
in [ (builtins.length (builtins.attrNames grown)) (builtins.length (builtins.attrNames joined)) joined.x ]
