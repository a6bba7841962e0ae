# Lists that are divided into a few and into many groups.
let
  group = n: parts: builtins.length (builtins.attrNames (builtins.groupBy (i: "group ${toString (i / parts)}") (builtins.genList (i: i) n)));
in [ (map (i: group 10 3) (builtins.genList (i: i) 5000)) (group 100000 1) (group 200000 20000) ]
