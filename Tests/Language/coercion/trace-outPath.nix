# differs from 2.8.0: the newest Nix names what stands for a set
toString [ { outPath = { outPath = throw "inside"; }; } ]
