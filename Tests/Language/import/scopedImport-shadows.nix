scopedImport { map = "shadowed"; true = 0; } ./data/map.nix
