# From n = 200000: as many groups as there are thousands of elements.
n:
let groups = builtins.groupBy (i: "group${toString (i / 1000)}") (builtins.genList (i: i) n);
in builtins.length (builtins.attrNames groups) + builtins.length groups.group0
