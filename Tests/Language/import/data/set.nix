{ a = "a"; b = ./one.nix; inherit (import ./deeper/there.nix) c; }
