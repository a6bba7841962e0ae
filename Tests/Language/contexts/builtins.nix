let
  d = derivation { name = "a"; system = "s"; builder = "/b"; outputs = [ "out" "dev" ]; };
  f = builtins.toFile "f" "x";
  all = "${d} ${d.dev} ${f} ${builtins.unsafeDiscardOutputDependency d.drvPath}";
  kept = text: builtins.getContext text == builtins.getContext all;
in [
  (builtins.getContext all)
  (kept (builtins.substring 0 0 all))
  (kept (builtins.replaceStrings [ "/" ] [ "" ] all))
  (kept (builtins.concatStringsSep all [ "a" "b" ]))
  (kept (builtins.concatStringsSep "" [ all all "" ]))
  (kept (builtins.toJSON { inherit all; }))
  (kept (toString [ all ]))
  (kept (all + ""))
  (kept (baseNameOf all))
  (kept (builtins.head (builtins.attrValues { x = all; })))
  (builtins.hasContext (builtins.unsafeDiscardStringContext all))
  (map builtins.hasContext [ "a" all ])
  (builtins.hasContext (builtins.toString (builtins.stringLength all)))
]
