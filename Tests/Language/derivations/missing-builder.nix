(derivation { name = "a"; system = "s"; }).outPath
