# differs from 2.8.0: the newest Nix ends the line
{ a = 1; b = [ 1.5 null true "x" ]; c = { d = { }; }; }
