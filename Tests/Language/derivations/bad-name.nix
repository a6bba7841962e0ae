# differs from 2.8.0: the newest Nix checks the name first
(derivation { name = "a b"; system = "s"; builder = "/b"; }).drvPath
