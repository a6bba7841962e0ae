# differs from 2.8.0: the newest Nix words it so
builtins.fromTOML "a = 1979-05-27T7:32:00"
