# A set of 70,000 attributes, made by unions of one, of hundreds and of thousands of attributes.
let
  indices = n: builtins.genList (i: i) n;
  set = prefix: n: builtins.listToAttrs (map (i: { name = "${prefix}${toString i}"; value = i; }) (indices n));
  large = set "a" 60000;
  one = builtins.foldl' (acc: i: acc // { ${"b${toString i}"} = i; }) large (indices 2000);
  hundreds = builtins.foldl' (acc: i: acc // set "c${toString i}-" 300) one (indices 20);
  thousands = hundreds // set "d" 2000 // { a5 = "last"; };
in
[
  (builtins.length (builtins.attrNames thousands))
  (builtins.foldl' (sum: name: sum + thousands.${name}) 0 [ "a59999" "b1999" "c19-299" "d1999" ])
  [ thousands.a5 (thousands ? a60000) (thousands.d2000 or "none") ]
  (builtins.foldl' (sum: i: sum + thousands.${"a${toString (i + 6)}"}) 0 (indices 59000))
  (builtins.length (builtins.attrValues (builtins.intersectAttrs large thousands)))
  (builtins.length (builtins.attrNames (removeAttrs thousands (builtins.attrNames large))))
]
