# Matching many short texts, with and without groups, and splitting long ones.
let
  name = i: "package-${toString i}.${toString (i / 7)}-lib${if i / 2 * 2 == i then "dev" else "out"}";
  names = builtins.genList name 300000;
  minor = text:
    let groups = builtins.match "([a-z]+)-([0-9]+)\\.([0-9]+)-(lib|bin)(dev|out)?" text; in
    if groups == null then 0 else builtins.stringLength (builtins.elemAt groups 2);
  digits = builtins.foldl' (sum: text: sum + minor text) 0 names;
  isEven = text: builtins.match ".*[02468]\\.[0-9]*-libdev" text != null;
  even = builtins.foldl' (count: text: if isEven text then count + 1 else count) 0 names;
  line = builtins.concatStringsSep " " (builtins.genList (i: "word${toString i},x") 40000);
  parts = builtins.length (builtins.split "[ ,]+" line);
  words = builtins.length (builtins.split "(word)([0-9]+)" line);
in [ digits even parts words ]
