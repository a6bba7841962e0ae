[ (import ./data/one.nix) (import ./data/function.nix 5) (import ./data/set.nix).a ]
