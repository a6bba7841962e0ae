# differs from 2.8.0: the newest Nix words it so
builtins.fromTOML "é = 1"
