scopedImport { x = 1; } ./data/scoped-import.nix
