# differs from 2.8.0: the newest Nix says for which attribute of which derivation
(derivation { name = "n"; system = "s"; builder = "b"; __structuredAttrs = true; maxSize = 1; }).name
