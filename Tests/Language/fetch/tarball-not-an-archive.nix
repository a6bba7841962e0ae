# differs from 2.8.0: archives are read here, not by libarchive
fetchTarball "file://${toString ./tarball.nix}"
