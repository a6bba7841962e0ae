# differs from 2.8.0: the newest Nix shows the key without quotes
builtins.appendContext "a" { "/tmp/x" = { path = true; }; }
