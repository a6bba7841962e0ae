# Interpolation, joining, cutting and comparing of strings.
let
  line = i: "item-${toString i}: ${builtins.substring 0 3 "abcdef"}/${if i / 2 * 2 == i then "even" else "odd"}";
  lines = builtins.genList line 20000;
  joined = builtins.concatStringsSep "\n" lines;
  characters = builtins.genList (i: builtins.substring i 1 joined) 120000;
  count = builtins.foldl' (a: c: if c == "e" then a + 1 else a) 0 characters;
  rounds = map (r: builtins.stringLength (builtins.concatStringsSep "," (map (l: l + toString r) lines))) [ 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 ];
in [ count rounds (builtins.stringLength joined) ]
