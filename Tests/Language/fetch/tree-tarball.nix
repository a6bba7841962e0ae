# differs from 2.8.0: builtins.fetchTree needs no experimental feature here, and knows the archive's time (newest Nix)
builtins.fetchTree { type = "tarball"; url = "file://${toString ./data}/pkg.tgz"; }
