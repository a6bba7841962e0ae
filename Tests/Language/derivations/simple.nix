let
  d = derivation { name = "a"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo hi > $out" 1 ]; list = [ 1 true null "q\n\"\\\t" [ "x" ] ]; };
in [ d.drvPath d.outPath d.out.outPath d.type d.outputName (builtins.attrNames d) (map (o: o.outPath) d.all) ]
