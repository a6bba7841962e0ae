# differs from 2.8.0: it has no outputOf
builtins.outputOf (derivation { name = "a"; system = "s"; builder = "/b"; }) "out"
