# differs from 2.8.0: the newest Nix names the builtin
builtins.elemAt [ 1 ] (-1)
