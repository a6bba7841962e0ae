# differs from 2.8.0: the name is checked before anything is fetched, and the message says how to give another (newest Nix's fetch)
builtins.fetchurl "file:///tmp/a%20b c"
