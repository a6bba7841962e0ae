# differs from 2.8.0: the newest Nix words it so
builtins.fromTOML "[a.b]\nx = 1\n[a]\nb.y = 2"
