map builtins.import [ ./data/one.nix ./data/one.nix ]
