(derivation { name = "n"; system = "s"; builder = "b"; __structuredAttrs = true; maxSize = 1; }).name
