let s = import ./data/set.nix; in [ (import s.b) s.c (import ./data/deeper/there.nix).here ]
