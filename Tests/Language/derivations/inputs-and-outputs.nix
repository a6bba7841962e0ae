let
  base = derivation { name = "base"; system = "s"; builder = "/b"; outputs = [ "out" "dev" "a" ]; };
  user = derivation { name = "user"; system = "s"; builder = "${base.dev}/bin/x"; deps = [ base base.a ]; out = "overwritten"; };
in [ base.drvPath base.outPath base.dev.outPath base.a.outPath user.drvPath user.outPath ]
