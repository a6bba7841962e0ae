# differs from 2.8.0: the newest Nix words it so
builtins.fromTOML "[[a]]\nx = 1\n[a]\ny = 2"
