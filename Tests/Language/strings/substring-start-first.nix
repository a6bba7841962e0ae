# differs from 2.8.0: the newest Nix looks at the start first
builtins.substring (0 - 1) (throw "length") "abc"
