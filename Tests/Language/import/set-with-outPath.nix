import { outPath = toString ./data/one.nix; }
