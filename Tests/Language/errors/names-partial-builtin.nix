# differs from 2.8.0: the newest Nix says what was found
builtins.attrNames (builtins.substring 1 2)
