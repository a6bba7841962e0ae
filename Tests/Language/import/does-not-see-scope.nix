let outer = 1; in import ./data/undefined.nix
