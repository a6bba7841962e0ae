# differs from 2.8.0: the newest Nix words it so
builtins.fromTOML "x = 1\n[a\nb = 1"
