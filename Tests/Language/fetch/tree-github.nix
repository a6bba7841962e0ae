# differs from 2.8.0: no connection is opened
builtins.fetchTree { type = "github"; owner = "NixOS"; repo = "nixpkgs"; ref = "nixos-unstable"; }
