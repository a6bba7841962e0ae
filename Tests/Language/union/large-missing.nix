let
  base = builtins.listToAttrs (builtins.genList (i: { name = "k${toString i}"; value = i; }) 150);
in
(base // { single = 1; }).singel
