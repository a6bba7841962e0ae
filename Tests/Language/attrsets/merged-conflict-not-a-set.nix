# differs from 2.8.0: the newest Nix names the attribute that is no set, not the path below it
{ a = 1; a.b = 2; }
