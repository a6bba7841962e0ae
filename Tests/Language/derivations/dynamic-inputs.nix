# differs from 2.8.0: it has no outputOf
let
  make = arguments: derivation ({ system = "s"; builder = "/b"; } // arguments);
  maker = make { name = "made.drv"; __contentAddressed = true; outputHashMode = "text"; };
  inner = builtins.outputOf maker.outPath;
  deeper = builtins.outputOf (inner "out") "out";
  some = make { name = "some"; x = inner "dev"; };
  all = make { name = "all"; args = [ deeper (inner "out") (inner "dev") (inner "out") ]; src = maker; };
  after = make { name = "after"; x = all; };
  fixed = make { name = "fixed"; x = inner "out"; outputHash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="; };
  uses = make { name = "uses"; x = fixed; };
  deep = make { name = "deep"; x = all.drvPath; };
in
map (d: { inherit (d) drvPath outPath; }) [ some all after fixed uses deep ]
