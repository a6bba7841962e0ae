# differs from 2.8.0: the newest Nix says for which attribute of which derivation
builtins.derivationStrict { name = 1; }
