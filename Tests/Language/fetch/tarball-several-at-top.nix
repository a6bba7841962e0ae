# differs from 2.8.0: what is not one directory at the top stays as it is (newest Nix's dereferenceSingletonDirectory)
builtins.readDir (fetchTarball "file://${toString ./data}/flat.tar.gz")
