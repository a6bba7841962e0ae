builtins.attrNames (builtins.getContext (derivation { name = "a"; system = "s"; builder = "/b"; }).drvPath)
