# differs from 2.8.0: it has no outputOf
let d = derivation { name = "a.drv"; system = "s"; builder = "/b"; __contentAddressed = true; outputHashMode = "text"; };
in builtins.foldl' (path: _: builtins.outputOf path "out") d.outPath (builtins.genList (n: n) 2000)
