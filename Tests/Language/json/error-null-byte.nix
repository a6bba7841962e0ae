# differs from 2.8.0: the newest Nix names the string
builtins.fromJSON ''["a\u0000b"]''
