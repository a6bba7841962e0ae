# differs from 2.8.0: the newest Nix names the attribute that is no set, not the path below it
{ a = { b = 1; } // { }; a.c = 2; }
