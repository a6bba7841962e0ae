# differs from 2.8.0: the newest Nix words it so
fetchTarball "file:///nowhere/missing.tar.gz"
