# differs from 2.8.0: the newest Nix refuses what a float cannot hold
builtins.floor 9007199254740993
