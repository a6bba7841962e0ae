# differs from 2.8.0: the newest Nix shows the values
map < (x: x)
