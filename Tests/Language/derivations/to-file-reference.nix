# differs from 2.8.0: newest wording
builtins.toFile "x" "${derivation { name = "a"; system = "s"; builder = "/b"; }}"
