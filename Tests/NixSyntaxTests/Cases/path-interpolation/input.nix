./a/${b}-c/${d}e.nix
