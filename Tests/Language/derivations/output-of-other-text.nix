# differs from 2.8.0: it has no outputOf
let d = derivation { name = "a"; system = "s"; builder = "/b"; };
in builtins.outputOf "${d}/bin" "out"
