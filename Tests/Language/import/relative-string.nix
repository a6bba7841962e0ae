import "data/one.nix"
