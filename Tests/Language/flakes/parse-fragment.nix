# differs from 2.8.0: builtins.parseFlakeRef came later
builtins.parseFlakeRef "nixpkgs#hello"
