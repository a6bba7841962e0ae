# differs from 2.8.0: no connection is opened
builtins.fetchGit "git@github.com:NixOS/nix.git"
