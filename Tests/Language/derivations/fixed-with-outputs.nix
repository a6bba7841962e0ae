(derivation { name = "a"; system = "s"; builder = "/b"; outputs = [ "out" "dev" ]; outputHash = "d41d8cd98f00b204e9800998ecf8427e"; outputHashAlgo = "md5"; }).drvPath
