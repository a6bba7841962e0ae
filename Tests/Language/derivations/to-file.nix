let
  a = builtins.toFile "a" "text";
  b = builtins.toFile "b.txt" "refers to ${a}";
in [ a b (builtins.getContext b) (derivation { name = "d"; system = "s"; builder = b; }).drvPath ]
