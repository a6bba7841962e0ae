let
  base = builtins.listToAttrs (builtins.genList (i: { name = "k${toString i}"; value = i; }) 130);
in
base // { a = 1 + 1; b = base; }
