# differs from 2.8.0: the newest Nix names what stands for a set
builtins.readFile { outPath = "relative"; }
