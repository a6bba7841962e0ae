# differs from 2.8.0: no registry is read
builtins.fetchTree { type = "indirect"; id = "nixpkgs"; }
