(derivation { name = "a"; system = "s"; builder = "/b"; outputs = [ "out" "out" ]; }).drvPath
