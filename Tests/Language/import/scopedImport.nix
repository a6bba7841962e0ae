scopedImport { a = 1; b = 2; } ./data/scoped.nix
