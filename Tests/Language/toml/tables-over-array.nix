# differs from 2.8.0: the newest Nix words it so
builtins.fromTOML "a = [ { x = 1 } ]\n[[a]]"
