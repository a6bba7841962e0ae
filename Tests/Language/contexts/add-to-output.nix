# differs from 2.8.0: it has no addDrvOutputDependencies
builtins.addDrvOutputDependencies "${derivation { name = "a"; system = "s"; builder = "/b"; }}"
