# differs from 2.8.0: the newest Nix checks overflow
builtins.sub (-9223372036854775807) 9
