# differs from 2.8.0: the newest Nix keeps `derivation` in this file, of which Firn has a version of its own
derivation
