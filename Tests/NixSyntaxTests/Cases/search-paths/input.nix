[ <nixpkgs> <nixpkgs/lib/a.nix> (a<b) (a < b/c) ]
